import { describe, expect, test } from 'vitest';
import {
  formatAnswer,
  formatError,
  formatRequest,
  MAX_PART_ENTRIES,
  MAX_REQUEST_BYTES,
  parseRequest,
  type Request,
} from '../../src/control/protocol.ts';

const good = (fields: object) => parseRequest(JSON.stringify({ version: 1, ...fields }));

describe('requests', () => {
  test.each<[object, Request]>([
    [{ command: 'status' }, { command: 'status' }],
    [{ command: 'list' }, { command: 'list' }],
    [{ command: 'scanners' }, { command: 'scanners', since: null }],
    [
      { command: 'scanners', since: 1_795_354_417_000 },
      { command: 'scanners', since: 1_795_354_417_000 },
    ],
    [
      { command: 'watch', sort: 'probes', limit: 500 },
      { command: 'watch', sort: 'probes', limit: 500 },
    ],
    [
      { command: 'block', target: '10.0.0.1' },
      { command: 'block', target: '10.0.0.1', forMs: null, why: null, session: null },
    ],
    [
      { command: 'block', target: '10.1.2.3/8', forMs: 3_600_000, why: 'a\nb\u001b[31m' },
      { command: 'block', target: '10.0.0.0/8', forMs: 3_600_000, why: 'a?b?[31m', session: null },
    ],
    [
      { command: 'block', target: '2001:DB8:0::1/64', forMs: 0, why: null },
      { command: 'block', target: '2001:db8::/64', forMs: 0, why: null, session: null },
    ],
    [
      { command: 'block', target: '::ffff:10.0.0.1', why: 'x'.repeat(500) },
      { command: 'block', target: '10.0.0.1', forMs: null, why: 'x'.repeat(200), session: null },
    ],
    [
      { command: 'block', target: '10.0.0.1', session: ['192.0.2.1', '2001:DB8:0::1'] },
      { command: 'block', target: '10.0.0.1', forMs: null, why: null, session: ['192.0.2.1', '2001:db8::1'] },
    ],
    [
      { command: 'unblock', target: 'fd00::1' },
      { command: 'unblock', target: 'fd00::1' },
    ],
    [{ command: 'unblock-all' }, { command: 'unblock-all' }],
    [
      { command: 'why', address: '10.0.0.1' },
      { command: 'why', address: '10.0.0.1' },
    ],
    [
      { command: 'spare', address: '198.18.0.1', ms: 5_000 },
      { command: 'spare', address: '198.18.0.1', ms: 5_000 },
    ],
    [{ command: 'health' }, { command: 'health' }],
    [
      { command: 'list-part', entries: ['10.1.2.3/8', '2001:DB8::/32'] },
      { command: 'list-part', upload: null, entries: ['10.0.0.0/8', '2001:db8::/32'] },
    ],
    [
      { command: 'list-load', list: 'spamhaus-drop', upload: 3, note: 'a\nb' },
      { command: 'list-load', list: 'spamhaus-drop', upload: 3, note: 'a?b' },
    ],
    [
      { command: 'list-unload', list: 'drop' },
      { command: 'list-unload', list: 'drop' },
    ],
    [{ command: 'notify-test' }, { command: 'notify-test' }],
    [
      { command: 'addresses', begin: '2001:DB8', known: true },
      { command: 'addresses', begin: '2001:DB8', known: true },
    ],
  ])('%j', (sent, request) => {
    expect(good(sent)).toEqual({ ok: true, request });
    expect(parseRequest(formatRequest(request).trimEnd()), 'and back').toEqual({ ok: true, request });
  });

  test('half a character at the end of a note becomes U+FFFD', () => {
    expect(good({ command: 'block', target: '10.0.0.1', why: `${'x'.repeat(199)}😀` })).toMatchObject({
      request: { why: `${'x'.repeat(199)}\ufffd` },
    });
  });
});

describe('one line says why something is no request', () => {
  test.each<[line: string, error: string]>([
    ['', 'expected a JSON object on a line, found ""'],
    ['hello', 'expected a JSON object on a line, found "hello"'],
    ['\u0000\ufffd\u001b[2J', 'expected a JSON object on a line, found "?\ufffd?[2J"'],
    ['{"version":1,"comm', String.raw`expected a JSON object on a line, found "{\"version\":1,\"comm"`],
    ['null', 'expected a JSON object on a line, found "null"'],
    ['[1]', 'expected a JSON object on a line, found "[1]"'],
    ['"status"', String.raw`expected a JSON object on a line, found "\"status\""`],
    ['{}', 'this daemon speaks version 1: expected "version":1, found nothing'],
    ['{"version":2,"command":"status"}', 'this daemon speaks version 1: expected "version":1, found 2'],
    ['{"version":"1","command":"status"}', 'this daemon speaks version 1: expected "version":1, found "1"'],
    ['{"version":1e999}', 'this daemon speaks version 1: expected "version":1, found Infinity'],
  ])('%s', (line, error) => {
    expect(parseRequest(line)).toEqual({ ok: false, error });
  });

  test('deep nesting', () => {
    expect(parseRequest('['.repeat(4_000))).toMatchObject({ ok: false });
    expect(parseRequest(`{"version":${'['.repeat(1_900)}${']'.repeat(1_900)}}`)).toEqual({
      ok: false,
      error: 'this daemon speaks version 1: expected "version":1, found a list',
    });
  });

  const COMMANDS =
    'status, list, scanners, watch, block, unblock, forget, unblock-all, why, spare, health, ' +
    'lists, list-part, list-load, list-unload, list-members, metrics, notify-test, addresses';
  const TARGET = 'expected an address or a prefix such as 10.0.0.0/8';
  test.each<[fields: object, error: string]>([
    [{}, `unknown command nothing; there are ${COMMANDS}`],
    [{ command: 'stop' }, `unknown command "stop"; there are ${COMMANDS}`],
    [{ command: 'toString' }, `unknown command "toString"; there are ${COMMANDS}`],
    [{ command: { a: 1 } }, `unknown command an object; there are ${COMMANDS}`],
    [{ command: 'status', all: true }, 'status: unknown field "all"; it takes no field'],
    [{ command: 'unblock', targets: 1 }, 'unblock: unknown field "targets"; it takes target'],
    [{ command: 'unblock' }, `unblock: target: ${TARGET}, found nothing`],
    [{ command: 'unblock', target: 5 }, `unblock: target: ${TARGET}, found 5`],
    [{ command: 'unblock', target: '$(id)' }, `unblock: target: ${TARGET}, found "$(id)"`],
    [{ command: 'unblock', target: '10.0.0.0/33' }, `unblock: target: ${TARGET}, found "10.0.0.0/33"`],
    [
      { command: 'block', target: '10.0.0.1', forMs: 1e20 },
      'block: forMs: expected a whole number of ms from 0 to 315360000000, or null, found 100000000000000000000',
    ],
    [
      { command: 'block', target: '10.0.0.1', forMs: -1 },
      'block: forMs: expected a whole number of ms from 0 to 315360000000, or null, found -1',
    ],
    [
      { command: 'block', target: '10.0.0.1', forMs: '1h' },
      'block: forMs: expected a whole number of ms from 0 to 315360000000, or null, found "1h"',
    ],
    [{ command: 'block', target: '10.0.0.1', why: 1 }, 'block: why: expected a text, or null, found 1'],
    [
      { command: 'why', address: '10.0.0.0/8' },
      'why: address: expected an IPv4 or IPv6 address, found "10.0.0.0/8"',
    ],
    [
      { command: 'scanners', since: -1 },
      'scanners: since: expected a whole number of ms since the epoch from 0 to 9007199254740991, or null, found -1',
    ],
    [
      { command: 'watch', sort: 'name', limit: 1 },
      'watch: sort: expected one of last, first, probes, ports, found "name"',
    ],
    [
      { command: 'watch', sort: 'last', limit: 501 },
      'watch: limit: expected a whole number of sources from 1 to 500, found 501',
    ],
    [
      { command: 'spare', address: '10.0.0.1', ms: 60_001 },
      'spare: ms: expected a whole number of ms from 0 to 60000, found 60001',
    ],
  ])('%j', (fields, error) => {
    expect(good(fields)).toEqual({ ok: false, error });
  });

  test('a field that every JavaScript object has', () => {
    expect(parseRequest('{"version":1,"command":"status","__proto__":{"x":1}}')).toEqual({
      ok: false,
      error: 'status: unknown field "__proto__"; it takes no field',
    });
  });
});

test('answers are lines', () => {
  expect(formatAnswer({ end: true, count: 0 })).toBe('{"version":1,"ok":true,"end":true,"count":0}\n');
  expect(formatError('busy', 'one\ntwo')).toBe(
    '{"version":1,"ok":false,"reason":"busy","error":"one?two"}\n',
  );
});

describe('parts of lists', () => {
  test.each<[fields: object, error: RegExp]>([
    [{ command: 'list-part', entries: 'x' }, /entries: expected a list of at most 80/],
    [{ command: 'list-part', entries: ['x'] }, /entries: expected a list of at most 80/],
    [{ command: 'list-part', entries: Array(81).fill('10.0.0.1') }, /entries: expected a list of at most 80/],
    [{ command: 'list-part', upload: 1.5, entries: [] }, /upload: expected the number of an upload/],
    [{ command: 'list-load', list: 'drop; flush ruleset', upload: 1 }, /list: expected a name of 1 to 32/],
    [{ command: 'list-unload', list: '../x' }, /list: expected a name of 1 to 32/],
  ])('%j', (fields, error) => {
    expect(good(fields)).toMatchObject({ ok: false, error: expect.stringMatching(error) });
  });

  test('the longest part is a request', () => {
    const entries = Array(MAX_PART_ENTRIES).fill('ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/128'.slice(0, 43));
    const line = formatRequest({ command: 'list-part', upload: 2 ** 40, entries });
    expect(line.length).toBeLessThanOrEqual(MAX_REQUEST_BYTES);
  });
});
