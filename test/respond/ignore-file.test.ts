import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../src/config/finding.ts';
import { formatPrefix } from '../../src/net/prefix.ts';
import { loadIgnoreFile, parseIgnoreFile } from '../../src/respond/ignore-file.ts';
import { testFolder } from './given.ts';

const ENTRIES: [line: string, prefix: string][] = [
  ['192.0.2.7', '192.0.2.7'],
  ['  192.0.2.7\t', '192.0.2.7'],
  ['192.0.2.7\r', '192.0.2.7'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.0.0.0/255.0.0.0', '10.0.0.0/8'],
  ['192.0.2.7/255.255.255.255', '192.0.2.7'],
  ['192.0.2.128/255.255.255.128', '192.0.2.128/25'],
  ['127.0.0.1/32', '127.0.0.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['2001:db8::1', '2001:db8::1'],
  ['2001:db8::/32', '2001:db8::/32'],
  ['10.0.0.0/8 # the office', '10.0.0.0/8'],
  ['2001:db8::1#the name server', '2001:db8::1'],
];

describe('an entry', () => {
  test.each(ENTRIES)('%j is %s', (line, prefix) => {
    const { entries, findings } = parseIgnoreFile(line, 'ignore');
    expect(entries.map((entry) => formatPrefix(entry.prefix))).toEqual([prefix]);
    expect(findings).toEqual([]);
  });
});

const MISTAKES: [line: string, column: number][] = [
  ['10.0.0', 1],
  ['  10.0.0.256', 3],
  ['10.0.0.0/33', 1],
  ['10.0.0.0/', 1],
  ['10.0.0.0/255.0.255.0', 1],
  ['10.0.0.0/255.0.0', 1],
  ['10.0.0.0/0.0.0.255', 1],
  ['2001:db8::/129', 1],
  ['2001:db8::/255.0.0.0', 1],
  ['fe80::1%eth0', 1],
  ['10.0.0.1 10.0.0.2', 1],
  ['\tgateway.example # by name', 2],
];

describe('a mistake', () => {
  test.each(MISTAKES)('%j is an error at column %i, and the other lines count', (line, column) => {
    const { entries, findings } = parseIgnoreFile(`192.0.2.1\n${line}\n192.0.2.3\n`, 'ignore');
    expect(entries.map(({ text, line: at }) => [text, at])).toEqual([
      ['192.0.2.1', 1],
      ['192.0.2.3', 3],
    ]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ severity: 'error', file: 'ignore', line: 2, column });
  });

  test('is reported with what was expected and what was found', () => {
    const { findings } = parseIgnoreFile('# ours\n 10.0.0.0/33', '/etc/portsentry/portsentry.ignore');
    expect(findings.map(formatFinding)).toEqual([
      '/etc/portsentry/portsentry.ignore:2:2: error: expected an IPv4 or IPv6 address or prefix' +
        ' such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32, found "10.0.0.0/33"',
    ]);
  });

  test('of a megabyte is cut in the report', () => {
    const { findings } = parseIgnoreFile('x'.repeat(1_000_000), 'ignore');
    expect(findings[0]?.message.length).toBeLessThan(250);
  });
});

test('blank lines and comments have no entries', () => {
  expect(parseIgnoreFile('\n  \n# 10.0.0.1\n\t# x\n\n', 'ignore')).toEqual({ entries: [], findings: [] });
});

test.each(['0.0.0.0/0', '0.0.0.0/0.0.0.0', '::/0'])('%s spares every source, which is a warning', (line) => {
  const { entries, findings } = parseIgnoreFile(line, 'ignore');
  expect(entries).toHaveLength(1);
  expect(findings).toMatchObject([{ severity: 'warning', line: 1, column: 1 }]);
});

test('what follows an entry is not read, as in PortSentry 1.2, which is a warning', () => {
  const { entries, findings } = parseIgnoreFile('10.0.0.1 the backup\n10.0.0.2\t# ours', 'ignore');
  expect(entries.map(({ text }) => text)).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(findings.map(formatFinding)).toEqual([
    'ignore:1:1: warning: what follows "10.0.0.1" is not read; begin a comment with #',
  ]);
});

test('an ignore file is read', async () => {
  const path = join(testFolder(), 'portsentry.ignore');
  writeFileSync(path, '\uFEFF10.0.0.0/8\n2001:db8::/32');
  const { entries, findings } = await loadIgnoreFile(path);
  expect(entries.map(({ text, line }) => [text, line])).toEqual([
    ['10.0.0.0/8', 1],
    ['2001:db8::/32', 2],
  ]);
  expect(findings).toEqual([]);
});

test('a missing ignore file is a warning', async () => {
  const path = join(testFolder(), 'portsentry.ignore');
  const { entries, findings } = await loadIgnoreFile(path);
  expect(entries).toEqual([]);
  expect(findings.map(formatFinding)).toEqual([
    `${path}: warning: there is no such file, so only this host itself is spared`,
  ]);
});

test('an ignore file that cannot be read is an error', async () => {
  const path = join(testFolder(), 'portsentry.ignore');
  mkdirSync(path);
  const { findings } = await loadIgnoreFile(path);
  expect(findings).toMatchObject([{ severity: 'error', file: path, line: 0 }]);
  expect(findings[0]?.message).toContain('a folder, not a file');
});
