import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { capturePaths } from '../../src/cli/capture-paths.ts';
import { writePcap, writePcapng } from '../support/capture-writer.ts';

const PCAP = writePcap({ frames: [] });
const FILES: Readonly<Record<string, Uint8Array | string>> = {
  'x.pcap': PCAP,
  'x.pcap1': PCAP,
  'x.pcap2': PCAP,
  'x.pcap10': PCAP,
  'a[1].pcap': PCAP,
  'day/b.pcapng': writePcapng([{ block: 'section' }]),
  'day/c.gz': gzipSync(PCAP),
  'day/log.gz': gzipSync('a line of a log\n'),
  'day/notes.txt': 'no capture',
  'day/empty.pcap': '',
  'day/other.pcap3.zst': 'compressed otherwise',
  '.hidden.pcap': PCAP,
  'texts/a.txt': 'no capture',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-paths-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const sub of ['day', 'texts']) mkdirSync(join(folder, sub));
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
  symlinkSync('..', join(folder, 'day/circle'));
  symlinkSync('../x.pcap', join(folder, 'day/link'));
});

const pathsOf = (...words: string[]) =>
  capturePaths(words.map((word) => join(folder, word)))
    .flat()
    .map((path) => path.slice(folder.length + 1));

test.each<[string[], string[]]>([
  [
    ['x.pcap', 'none', 'x.pcap'],
    ['x.pcap', 'none', 'x.pcap'],
  ],
  [['day'], ['day/b.pcapng', 'day/c.gz', 'day/empty.pcap', 'day/link', 'day/other.pcap3.zst']],
  [['x*'], ['x.pcap', 'x.pcap1', 'x.pcap2', 'x.pcap10']],
  [['x.pcap?'], ['x.pcap1', 'x.pcap2']],
  [['x.pcap[!2]'], ['x.pcap1']],
  [['*/[a-c].*'], ['day/b.pcapng', 'day/c.gz', 'texts/a.txt']],
  [['a[1].pcap'], ['a[1].pcap']],
  [['.h*'], ['.hidden.pcap']],
  [
    ['x.pcap2', 'day/*.gz'],
    ['x.pcap2', 'day/c.gz', 'day/log.gz'],
  ],
])('%j', (words, paths) => {
  expect(pathsOf(...words)).toEqual(paths);
});

test('a folder has its captures and those of its folders, damaged ones too', () => {
  expect(pathsOf('.')).toEqual([
    '.hidden.pcap',
    'a[1].pcap',
    'day/b.pcapng',
    'day/c.gz',
    'day/empty.pcap',
    'day/link',
    'day/other.pcap3.zst',
    'x.pcap',
    'x.pcap1',
    'x.pcap2',
    'x.pcap10',
  ]);
});

test('standard input is itself', () => {
  expect(capturePaths(['-'])).toEqual([['-']]);
});

test.each([
  ['texts', /texts: the folder has no capture file/],
  ['y*.pcap', /y\*\.pcap: no file matches$/],
  ['none/x*', /no file matches$/],
  ['x[z-a]*', /no file matches$/],
])('%s is refused', (word, message) => {
  expect(() => pathsOf(word)).toThrow(
    expect.objectContaining({ exit: 66, message: expect.stringMatching(message) }),
  );
});

test('what the system knows nothing of is kept, and reported when it is read', () => {
  symlinkSync('loop.pcap', join(folder, 'texts/loop.pcap'));
  symlinkSync('loop', join(folder, 'texts/loop'));
  const long = 'x'.repeat(300);
  expect(pathsOf('texts')).toEqual(['texts/loop.pcap']);
  expect(pathsOf('texts/l*.pcap', 'texts/loop', long)).toEqual(['texts/loop.pcap', 'texts/loop', long]);
  expect(() => pathsOf(`${long}*`)).toThrow(/no file matches$/);
});

test('a pattern may have . and .. and parts without wildcards', () => {
  const found = (pattern: string) => capturePaths([`${folder}/${pattern}`]).flat();
  expect(found('./day/../x.pcap?')).toEqual([`${folder}/./day/../x.pcap1`, `${folder}/./day/../x.pcap2`]);
  expect(found('d*//c.gz')).toEqual([`${folder}/day/c.gz`]);
  expect(capturePaths(['./package.jso?'])).toEqual([['./package.json']]);
  expect(() => found('day/*/none.pcap')).toThrow(/no file matches$/);
});

test('a name in an error has no control characters', () => {
  expect(() => pathsOf('\u001b[2J\u202e*')).toThrow(/^[^\p{Cc}\p{Cf}]*: no file matches$/u);
});
