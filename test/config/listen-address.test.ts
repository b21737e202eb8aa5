import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatListenAddress, listenAddress } from '../../src/config/listen-address.ts';

test.each([
  ['127.0.0.1:9771', { host: '127.0.0.1', port: 9771 }],
  ['127.255.0.10:65535', { host: '127.255.0.10', port: 65_535 }],
  ['[::1]:1', { host: '::1', port: 1 }],
  ['/run/portsentry/metrics.sock', { path: '/run/portsentry/metrics.sock' }],
])('%s is taken', (text, value) => {
  expect(listenAddress.parse(text)).toEqual({ ok: true, value });
  expect(formatListenAddress(value)).toBe(text);
});

test.each([
  '9771',
  ':9771',
  'localhost:9771',
  '0.0.0.0:9771',
  '192.0.2.1:9771',
  '[::]:9771',
  '::1:9771',
  '[::1]',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  '127.0.0.256:1',
  '127.0.0.1:09',
  ' 127.0.0.1:1',
  'metrics.sock',
  '/run/',
  `/${'x'.repeat(107)}`,
])('%j is refused', (text) => {
  expect(listenAddress.parse(text)).toMatchObject({ ok: false, found: expect.any(String) });
});

test('what is taken is written as it was read', () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        port.map((number) => `127.0.0.1:${number}`),
      ),
      (text) => {
        const parsed = listenAddress.parse(text);
        if (parsed.ok) expect(formatListenAddress(parsed.value)).toBe(text);
      },
    ),
  );
});
