import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type PostLimits, post, type Receiver, retryAfterMs, shownAddress } from '../../src/notify/post.ts';
import { NOON } from '../record/given.ts';
import { receiver } from './given.ts';

const TEXT = { headers: { 'Content-Type': 'text/plain' }, body: 'a scan' };
const LIMITS: PostLimits = { signal: new AbortController().signal, now: NOON, version: '3.0.0' };

function to(port: number, more: Partial<Receiver> = {}, scheme = 'http'): Receiver {
  return {
    url: new URL(`${scheme}://127.0.0.1:${port}/hooks/s3cr3t-topic?key=abc`),
    authorization: null,
    ...more,
  };
}

test('a message is posted with its headers, and the answer is told', async () => {
  const { got, port } = await receiver((response) => response.end('thanks\nmore'));
  const outcome = await post(to(port, { authorization: 'Bearer t0ken-of-mine' }), TEXT, LIMITS);
  expect(outcome).toEqual({ isDelivered: true, answer: 'status 200: thanks', retryAfterMs: null });
  expect(got).toHaveLength(1);
  expect(got[0]).toMatchObject({
    url: '/hooks/s3cr3t-topic?key=abc',
    body: 'a scan',
    headers: {
      'user-agent': 'portsentry/3.0.0',
      authorization: 'Bearer t0ken-of-mine',
      'content-length': '6',
      connection: 'close',
    },
  });
});

describe('what a receiver may do', () => {
  test.each<[name: string, answer: (response: ServerResponse) => void, expected: object]>([
    ['an error', (r) => r.writeHead(500).end('broken'), { answer: 'status 500: broken', retryAfterMs: null }],
    [
      'too many messages',
      (r) => r.writeHead(429, { 'Retry-After': '17' }).end(),
      { answer: 'status 429', retryAfterMs: 17_000 },
    ],
    [
      'a redirect',
      (r) => r.writeHead(302, { Location: 'https://elsewhere.example/s3cr3t' }).end(),
      { answer: expect.stringContaining('it leads to https://elsewhere.example, which is not followed') },
    ],
    [
      'a redirect to nowhere',
      (r) => r.writeHead(301, { Location: '//[' }).end(),
      { answer: expect.stringContaining('it leads elsewhere') },
    ],
    ['a reset connection', (r) => r.destroy(), { answer: 'socket hang up' }],
    [
      'control characters',
      (r) => r.writeHead(400).end('\u001b[31mred\u0007\u202e evil'),
      { answer: 'status 400: [31mred  evil' },
    ],
    [
      'our secrets in its answer',
      (r) => r.writeHead(403).end('no s3cr3t-topic for Bearer t0ken-of-mine (t0ken-of-mine)'),
      { answer: 'status 403: no *** for *** (***)' },
    ],
  ])('%s', async (_name, answer, expected) => {
    const { port } = await receiver(answer);
    const outcome = await post(to(port, { authorization: 'Bearer t0ken-of-mine' }), TEXT, LIMITS);
    expect(outcome).toMatchObject({ isDelivered: false, ...expected });
  });

  test('an endless answer is not read to its end', async () => {
    let written = 0;
    const { port } = await receiver((response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) written += 65_536;
      };
      response.on('drain', more);
      more();
    });
    const { isDelivered, answer } = await post(to(port), TEXT, LIMITS);
    expect(isDelivered).toBe(true);
    expect(answer.length).toBeLessThan(300);
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  test('an endless header is refused', async () => {
    const { port } = await receiver((response) =>
      response.writeHead(200, { 'X-Long': 'x'.repeat(60_000) }).end(),
    );
    expect(await post(to(port), TEXT, LIMITS)).toMatchObject({ isDelivered: false });
  });

  test('silence is ended by the time limit, or when the daemon ends', async () => {
    const { port } = await receiver(() => {});
    expect(await post(to(port), TEXT, { ...LIMITS, timeoutMs: 150 })).toMatchObject({
      answer: 'no answer within 0.15 s',
    });
    const ending = new AbortController();
    const posted = post(to(port), TEXT, { ...LIMITS, signal: ending.signal });
    ending.abort();
    expect(await posted).toMatchObject({ isDelivered: false, answer: expect.stringContaining('ending') });
  });

  test('a body that does not end does not undo the status', async () => {
    const { port } = await receiver((response) => {
      response.writeHead(200);
      response.write('taken');
    });
    expect(await post(to(port), TEXT, { ...LIMITS, timeoutMs: 300 })).toMatchObject({
      isDelivered: true,
      answer: 'status 200: taken',
    });
  });

  test('nobody listens', async () => {
    const { server, port } = await receiver();
    server.close();
    const { isDelivered, answer } = await post(to(port), TEXT, LIMITS);
    expect(isDelivered).toBe(false);
    expect(answer).toContain('ECONNREFUSED');
    expect(answer).not.toContain('s3cr3t');
  });

  test('the Apprise API has nobody to tell', async () => {
    const { port } = await receiver((response) => response.writeHead(204).end());
    expect((await post(to(port), TEXT, LIMITS)).isDelivered).toBe(true);
    expect(await post(to(port, { refuses: new Set([204]) }), TEXT, LIMITS)).toMatchObject({
      isDelivered: false,
      answer: 'status 204: it has nobody to tell',
    });
  });
});

describe('TLS', () => {
  let files: { key: Buffer; cert: Buffer };
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'portsentry-notify-'));
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-keyout', key, '-out', cert, '-days', '2', ...subject],
      ],
      { stdio: 'ignore' },
    );
    files = { key: readFileSync(key), cert: readFileSync(cert) };
    return () => rmSync(folder, { recursive: true, force: true });
  });

  test.each([undefined, '0'])(
    'a certificate that nobody trusts is refused, and nothing is sent (NODE_TLS_REJECT_UNAUTHORIZED=%s)',
    async (value) => {
      const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      if (value !== undefined) process.env.NODE_TLS_REJECT_UNAUTHORIZED = value;
      try {
        const { got, port } = await receiver(
          undefined,
          (listener) => createServer(files, listener) as unknown as Server,
        );
        const { isDelivered, answer } = await post(to(port, {}, 'https'), TEXT, LIMITS);
        expect(isDelivered).toBe(false);
        expect(answer).toMatch(/self-signed certificate|unable to verify/);
        expect(got).toEqual([]);
      } finally {
        if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
      }
    },
  );

  test('a receiver without TLS is no receiver with it', async () => {
    const { got, port } = await receiver();
    expect((await post(to(port, {}, 'https'), TEXT, LIMITS)).isDelivered).toBe(false);
    expect(got).toEqual([]);
  });
});

test.each<[string | undefined, number | null]>([
  ['17', 17_000],
  ['0', 0],
  ['999999999', 3_600_000],
  [new Date(NOON + 5_877).toUTCString(), 5_877 - ((NOON + 5_877) % 1_000)],
  ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
  ['soon', null],
  ['-5', 0],
  [undefined, null],
])('Retry-After: %s', (text, ms) => {
  expect(retryAfterMs(text, NOON)).toBe(ms);
});

test.each([
  ['https://hooks.slack.com/services/T0/B0/xyz', 'https://hooks.slack.com/...'],
  ['https://user:pass@ntfy.sh:444/topic', 'https://ntfy.sh:444/...'],
  ['http://127.0.0.1:80/?token=x', 'http://127.0.0.1/...'],
  ['https://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
])('%s is shown as %s', (address, shown) => {
  expect(shownAddress(new URL(address))).toBe(shown);
});
