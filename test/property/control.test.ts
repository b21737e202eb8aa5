import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatRequest, parseObject, parseRequest, type Request } from '../../src/control/protocol.ts';
import type { ControlServer } from '../../src/control/server.ts';
import { askAll, RawClient, STATUS, serve } from '../control/given.ts';

const COMMANDS = [
  'status',
  'list',
  'scanners',
  'watch',
  'block',
  'unblock',
  'unblock-all',
  'why',
  'spare',
  'health',
  'notify-test',
  'addresses',
  'lists',
  'list-part',
  'list-load',
  'list-unload',
  'list-members',
  'metrics',
];
const FIELDS = [
  'version',
  'command',
  'target',
  'forMs',
  'why',
  'address',
  'ms',
  'since',
  'sort',
  'limit',
  'begin',
  'known',
  'list',
  'upload',
  'entries',
  'note',
  '__proto__',
  'constructor',
];

const word = fc.oneof(
  fc.constantFrom(...COMMANDS, '10.0.0.1', '10.0.0.0/8', '::1', 'fe80::/10', '0.0.0.0/0', '\u0000', '1h'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

const value = fc.oneof(
  word,
  fc.constantFrom(0, 1, -1, 1e9, 2 ** 53, 1e308, null, true),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Near requests: some have the right version and a command, and the fields are anything. */
const nearRequest = fc
  .tuple(fc.constantFrom(...COMMANDS), fc.dictionary(fc.constantFrom(...FIELDS), value), fc.boolean())
  .map(([command, fields, right]) => JSON.stringify(right ? { version: 1, command, ...fields } : fields));

/** The same with some characters removed and others inserted. */
const damaged = fc
  .tuple(nearRequest, fc.nat(), fc.nat({ max: 5 }), fc.string({ unit: 'binary', maxLength: 5 }))
  .map(([text, place, bite, more]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + more + text.slice(at + bite);
  });

const anyLine = fc.oneof(nearRequest, damaged, fc.string({ unit: 'binary', maxLength: 100 }), fc.json());

/** One line for people: no control characters, and of bounded length. */
const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,400}$/;

describe('the parser of requests', () => {
  test('never throws, and says what is wrong in one line', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const parsed = parseRequest(line);
        if (parsed.ok) expect(COMMANDS).toContain(parsed.request.command);
        else expect(parsed.error).toMatch(ONE_LINE);
      }),
      { numRuns: 2_000 },
    );
  });

  test('parses what it has formatted to the same request', () => {
    fc.assert(
      fc.property(nearRequest, (line) => {
        const parsed = parseRequest(line);
        if (!parsed.ok) return;
        expect(parseRequest(formatRequest(parsed.request as Request).trimEnd())).toEqual(parsed);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a server', () => {
  let served: { server: ControlServer; path: string };
  beforeEach(async () => {
    served = await serve();
  });
  afterEach(() => served.server.close());

  test('answers any octets in lines of its protocol, and serves other clients as before', async () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.array(anyLine, { maxLength: 8 }).map((lines) => Buffer.from(lines.join('\n'))),
      fc.uint8Array({ minLength: 4_000, maxLength: 9_000 }),
    );
    await fc.assert(
      fc.asyncProperty(octets, async (sent) => {
        const client = new RawClient(served.path);
        await client.finish(sent);
        for (const line of client.received.split('\n').filter((text) => text !== '')) {
          expect(parseObject(line)).toMatchObject({ version: 1, ok: expect.any(Boolean) });
        }
        expect(client.received).toMatch(/^$|\n$/);
      }),
      { numRuns: 300 },
    );
    const answered = [{ ok: true, fields: { status: STATUS } }];
    expect(await askAll(served.path, { command: 'status' })).toEqual(answered);
  });
});
