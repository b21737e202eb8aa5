import { describe, expect, test } from 'vitest';
import type { Operation } from '../../src/ledger/entry.ts';
import { lastRecordIn, lineOf, MAX_LINE_BYTES, operationIn } from '../../src/ledger/line.ts';
import { blockOf } from '../respond/given.ts';
import { BOOT, NOON, signed } from './given.ts';

const ENTRY = {
  block: blockOf('2001:db8::/64', {}, { connects: 3, note: 'seen "before" \\ \u00e4' }),
  method: 'nftables',
  hasRemnant: false,
  wrappersLine: 'ALL: [2001:db8::]/64 : DENY',
  boot: BOOT,
  times: 2,
  inForce: false,
  ended: null,
} as const;

const OPERATIONS: readonly Operation[] = [
  { op: 'decide', entry: ENTRY },
  { op: 'decide', entry: { ...ENTRY, block: blockOf('10.99.0.1', { until: null }), wrappersLine: null } },
  { op: 'confirm', target: '10.99.0.1', boot: BOOT },
  { op: 'confirm', target: '10.99.0.1', boot: BOOT, wrappersLine: null },
  { op: 'confirm', target: '10.99.0.1', boot: BOOT, wrappersLine: 'ALL: 10.99.0.1' },
  { op: 'lift', target: '10.99.0.1' },
  { op: 'lift-all' },
  { op: 'end', target: '10.99.0.1', at: NOON, how: 'unblocked' },
  { op: 'entry', entry: { ...ENTRY, inForce: true } },
  { op: 'entry', entry: { ...ENTRY, hasRemnant: true, method: 'hosts.deny' } },
  { op: 'entry', entry: { ...ENTRY, ended: { at: NOON, how: 'expired' } } },
];

const RECORD = {
  ...{ op: 'entry', target: '10.99.0.1', since: NOON, until: NOON, mode: 'atcp', kind: 'syn' },
  ...{ transport: 'tcp', port: 111, connects: 1, note: null, method: 'ipset', wrappersLine: null },
  ...{ boot: BOOT, times: 1, inForce: true },
};

function read(line: string): unknown {
  return operationIn(Buffer.from(line.trimEnd()));
}

describe('a line', () => {
  test.each(OPERATIONS)('is read as it was written: $op', (operation) => {
    const line = lineOf(operation);
    expect(line).toMatch(/^v1 [0-9a-f]{8} \{[^\n]+\}\n$/);
    expect(read(line)).toEqual(operation);
  });

  test('with the longest fields is no longer than the limit', () => {
    const longest = {
      ...ENTRY,
      block: blockOf('2001:db8:1111:1111:1111:1111:1111:1111', {}, { note: '\u{1f600}'.repeat(200) }),
      wrappersLine: '\ud800'.repeat(1_000),
      boot: '\u0001'.repeat(200),
    };
    expect(Buffer.byteLength(lineOf({ op: 'decide', entry: longest }))).toBeLessThan(MAX_LINE_BYTES);
  });

  test.each([
    ['no text', ''],
    ['foreign text', '2026-11-22 13:33:37 Host: 10.99.0.1 Blocked'],
    ['a wrong checksum', lineOf(OPERATIONS[2] as Operation).replace('v1 ', 'v1 0')],
    ['only its beginning', lineOf(OPERATIONS[0] as Operation).slice(0, 60)],
    ['no JSON', signed('{"op":')],
    ['no object', signed('"lift-all"')],
    ['null', signed('null')],
    ['a list', signed('["lift-all"]')],
    ['no operation', signed('{"target":"10.99.0.1"}')],
    ['NULs', '\0'.repeat(4_096)],
  ])('with %s is damaged', (_, line) => {
    expect(read(line)).toBe('damaged');
  });

  test.each([
    ['operation', signed('{"op":"pardon","target":"10.99.0.1"}')],
    ['version', signed('{"op":"lift-all"}', 'v2')],
    ['version with another checksum', 'v12 sha256:abc {"op":"lift-all"}'],
  ])('of an unknown %s is unknown', (_, line) => {
    expect(read(line)).toBe('unknown');
  });

  test('may have new fields', () => {
    expect(read(signed(JSON.stringify({ ...RECORD, colour: 'red' })))).toMatchObject({ op: 'entry' });
  });
});

describe('a record with a valid checksum', () => {
  test('and valid fields is accepted', () => {
    expect(read(signed(JSON.stringify(RECORD)))).toMatchObject({
      op: 'entry',
      entry: { block: { target: '10.99.0.1', family: 4 }, inForce: true, ended: null },
    });
  });

  test.each([
    ['target', ['10.99.0.1; id', '$(id)', '10.99.0.01', '10.99.0.1/32', '10.99.0.1/24', '2001:DB8::1']],
    ['target', ['::ffff:10.99.0.1', '', null, 7, ['10.99.0.1'], `${'0'.repeat(50)}1`]],
    ['since', [null, '1', 8.65e15, -8.65e15]],
    ['until', ['1', 8.65e15, undefined, false]],
    ['mode', ['xtcp', 'constructor', '', null, ['atcp']]],
    ['kind', ['none', 'toString', 'SYN', null]],
    ['transport', ['dccp', 'constructor', null]],
    ['port', [-1, 65_536, 1.5, '111', null]],
    ['connects', [-1, 0.5, 1e300, '1']],
    ['note', [7, {}, undefined]],
    ['method', ['pf', '__proto__', null]],
    ['wrappersLine', ['ALL: a\nALL: ALL', 'ALL: a\r', 7, undefined, 'x'.repeat(1_001)]],
    ['boot', [null, 'x'.repeat(201)]],
    ['times', [0, -1, 1.5, null]],
    ['inForce', ['yes', null, undefined]],
    ['how', ['expired']],
    ['at', [NOON]],
  ])('and an invalid %s is damaged', (field, values) => {
    for (const value of values) {
      expect(read(signed(JSON.stringify({ ...RECORD, [field]: value })))).toBe('damaged');
    }
  });

  test.each([
    { op: 'end', target: '10.99.0.1', at: NOON, how: 'pardoned' },
    { op: 'end', target: '10.99.0.1', at: null, how: 'expired' },
    { op: 'end', target: '*', at: NOON, how: 'expired' },
    { op: 'lift', target: '10.99.0.1 ' },
    { op: 'confirm', target: '10.99.0.1' },
    { op: 'confirm', target: '10.99.0.1', boot: BOOT, wrappersLine: 7 },
    { ...RECORD, inForce: true, at: NOON, how: 'expired' },
  ])('and inconsistent fields is damaged: %o', (record) => {
    expect(read(signed(JSON.stringify(record)))).toBe('damaged');
  });

  test('has its note cleaned, because people read it', () => {
    const record = { ...RECORD, note: `\u001b]0;title\u0007${'x'.repeat(300)}` };
    const operation = read(signed(JSON.stringify(record))) as Operation & { op: 'entry' };
    expect(operation.entry.block.cause.note).toBe(`]0;title${'x'.repeat(192)}`);
  });
});

describe('a record after damage in one line', () => {
  const record = lineOf({ op: 'lift-all' }).trimEnd();

  test.each([
    ['NULs', '\0'.repeat(512)],
    ['half a record', lineOf(OPERATIONS[0] as Operation).slice(0, 100)],
  ])('of %s is found', (_, damage) => {
    const line = Buffer.from(damage + record);
    expect(operationIn(line)).toBe('damaged');
    expect(lastRecordIn(line)?.toString()).toBe(record);
  });

  test('is not found where there is none', () => {
    expect(lastRecordIn(Buffer.from(record))).toBeNull();
    expect(lastRecordIn(Buffer.from('foreign'))).toBeNull();
  });
});
