import { shown } from './lexer.ts';
import type { ValueKind } from './values.ts';

/**
 * The address of an engine: scheme, host and port, perhaps with a path. A message never repeats one that is refused, because
 * it may hold a password.
 */
export const engineAddress: ValueKind<string> = {
  parse(text) {
    const expected = 'an address such as https://lapi.example:8080';
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null || !['http:', 'https:'].includes(url.protocol) || /[^\x21-\x7e]/.test(text))
      return bad(expected, text.trim() === '' ? 'nothing' : 'something else');
    if (url.username !== '' || url.password !== '')
      return bad(`${expected}, without a user and a password`, 'one with them');
    if (url.search !== '' || url.hash !== '') return bad(`${expected}, without ? and #`, 'one with them');
    return { ok: true, value: text.replace(/\/+$/, '') };
  },
  format: (value) => value,
};

/** The address of a server of Redis: scheme, host and port. A message never repeats one that is refused. */
export const redisAddress: ValueKind<string> = {
  parse(text) {
    const expected = 'an address such as rediss://redis.example:6379';
    const url = URL.canParse(text) ? new URL(text) : null;
    const isRedis = url !== null && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '';
    if (!isRedis || /[^\x21-\x7e]/.test(text))
      return bad(expected, text.trim() === '' ? 'nothing' : 'something else');
    if (url.username !== '' || url.password !== '')
      return bad(
        `${expected}, without a user and a password (REDIS_USER, REDIS_PASSWORD_FILE)`,
        'one with them',
      );
    if (url.search !== '' || url.hash !== '' || !['', '/'].includes(url.pathname))
      return bad(`${expected}, and nothing after the port`, 'more');
    return { ok: true, value: text.replace(/\/$/, '') };
  },
  format: (value) => value,
};

/** The name of a machine, which stands in the records of all hosts. */
const MACHINE_NAME = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,63}$/;

/** The name by which a host is known to an engine. */
export const machineName: ValueKind<string> = {
  parse(text) {
    if (MACHINE_NAME.test(text)) return { ok: true, value: text };
    return bad(
      'a name of 1 to 64 letters, digits and . _ @ : - that begins with a letter or digit',
      shown(text),
    );
  },
  format: (value) => value,
};

/** The key of a stream. The rule of an access control list names it as a pattern, so that its special characters are out. */
const STREAM_NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** The key of a stream of Redis. */
export const streamName: ValueKind<string> = {
  parse(text) {
    if (STREAM_NAME.test(text)) return { ok: true, value: text };
    return bad(
      'a name of 1 to 64 letters, digits and . _ : - that begins with a letter or digit',
      shown(text),
    );
  },
  format: (value) => value,
};

/** Names of this host itself. */
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

/** Whether what goes to this host of a URL stays on this machine. */
export function isLoopbackName(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

function bad(expected: string, found: string) {
  return { ok: false, offset: 0, expected, found } as const;
}
