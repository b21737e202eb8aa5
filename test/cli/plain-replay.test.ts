import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { plainReplay } from '../../src/cli/plain-replay.ts';

/** Words of command lines that are plain, nearly plain, or not. */
const WORDS = [
  ...[
    'a.pcap',
    '/var/log/b c.pcapng',
    './1',
    '0x10',
    '1e3',
    'true',
    '__proto__',
    'a=b',
    "'a'",
    '"b"',
    '',
    ' ',
    '-',
    '--',
  ],
  ...[
    '--format',
    '--format=json',
    '--format=none',
    '--format=',
    'json',
    'none',
    'text',
    '--summary',
    '--summary=json',
  ],
  ...[
    '--no-summary',
    '--no-time',
    '--time',
    '--no-infer-open',
    '--no-checksum',
    '-L',
    '--disable-local-check',
    '-Lc',
  ],
  ...[
    '--top',
    '3',
    '--help',
    '-h',
    '--act',
    '--source',
    '192.0.2.1',
    '-c',
    '/dev/null',
    '--mode=stcp',
    'replay',
    '--x',
  ],
];

/** What yargs makes of a command line, without the names by which only yargs knows an option; null for an error. */
async function byYargs(argv: readonly string[], plain: Invocation): Promise<object | null> {
  try {
    const values = new Map(Object.entries(await parseArguments(argv, '1')));
    return Object.fromEntries(Object.keys(plain).map((name) => [name, values.get(name)]));
  } catch {
    return null;
  }
}

test('a plain command line is read as yargs reads it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }), async (words) => {
      const argv = ['replay', ...words];
      const plain = plainReplay(argv);
      if (plain !== null) expect(await byYargs(argv, plain)).toEqual(plain);
    }),
    { numRuns: 500 },
  );
});

test('any word is a file as yargs has it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 3 }),
      async (words) => {
        const argv = ['replay', ...words];
        const plain = plainReplay(argv);
        if (plain !== null) expect(await byYargs(argv, plain)).toEqual(plain);
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  ['replay a.pcap', true],
  ['replay --no-summary --format none a.pcap b.pcap', true],
  ['replay --format=json --summary=json /var/log/a.pcap', true],
  ['replay -L a.pcap --no-time', true],
  ['replay', false],
  ['replay -', false],
  ['replay --format xml a.pcap', false],
  ['replay a.pcap --format', false],
  ['replay --format none --format json a.pcap', false],
  ['replay --since 2026-11-22 a.pcap', false],
  ['replay --help', false],
  ['check a.pcap', false],
])('%s', (line, isPlain) => {
  expect(plainReplay(line.split(' ')) !== null).toBe(isPlain);
});
