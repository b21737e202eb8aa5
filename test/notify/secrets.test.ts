import { describe, expect, test } from 'vitest';
import { type PostLimits, post } from '../../src/notify/post.ts';
import { authorizationOf, withoutSecrets } from '../../src/notify/secrets.ts';
import { NOON } from '../record/given.ts';
import { receiver } from './given.ts';

const PAIR = 'robot-user:p@ss word/é';
const BASE64 = Buffer.from(PAIR).toString('base64');
const ENCODED = 'p%40ss%20word%2F%C3%A9';
const WITH_USER = { url: new URL(`https://robot-user:${ENCODED}@h.example/hook`), authorization: null };

describe('the header', () => {
  test.each([
    ['https://h.example/', null, null],
    ['https://h.example/', 'Bearer abc', 'Bearer abc'],
    [WITH_USER.url.href, null, `Basic ${BASE64}`],
    [WITH_USER.url.href, 'Bearer abc', 'Bearer abc'],
    ['https://robot:100%@h.example/', null, `Basic ${Buffer.from('robot:100%').toString('base64')}`],
  ])('of %s and %s', (address, authorization, expected) => {
    expect(authorizationOf({ url: new URL(address), authorization })).toBe(expected);
  });
});

describe('what is masked', () => {
  test.each([
    `Basic ${BASE64}`,
    BASE64,
    BASE64.replace(/=+$/, ''),
    PAIR,
    'p@ss word/é',
    ENCODED,
    'robot-user',
    encodeURIComponent(BASE64),
  ])('of user and password in the address: %s', (secret) => {
    expect(withoutSecrets(`got "${secret}" here`, WITH_USER)).toMatch(/^got "\*\*\*=*" here$/);
  });

  test.each(['p@ss word/é', PAIR, BASE64])('of a file with Basic: %s', (secret) => {
    const file = { url: new URL('https://h.example/'), authorization: `Basic ${BASE64}` };
    expect(withoutSecrets(`got "${secret}" here`, file)).toBe('got "***" here');
  });

  test('nothing else', () => {
    expect(withoutSecrets('no such user', WITH_USER)).toBe('no such user');
  });
});

test('a receiver that repeats the header learns it once, and the log does not', async () => {
  const { got, port } = await receiver((response, { headers }) =>
    response.writeHead(401).end(`wrong: ${headers.authorization} of p@ss word/é`),
  );
  const url = new URL(`http://robot-user:${ENCODED}@127.0.0.1:${port}/hook`);
  const limits: PostLimits = { signal: new AbortController().signal, now: NOON, version: '3.0.0' };
  const { answer } = await post({ url, authorization: null }, { headers: {}, body: 'a scan' }, limits);
  expect(got[0]?.headers.authorization).toBe(`Basic ${BASE64}`);
  expect(answer).toBe('status 401: wrong: *** of ***');
});
