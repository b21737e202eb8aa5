import { expect, test } from 'vitest';
import { expandLegacySwitches } from '../../src/cli/legacy-switches.ts';
import { modeNames, modesOf } from '../../src/config/modes.ts';
import { parseModes } from '../../src/preflight/parse-modes.ts';

test.each([
  ['-atcp -audp', '--mode=atcp --mode=audp'],
  ['-c -x -tcp', '-c -x --mode=tcp'],
  ['--tcp tcp', '--tcp tcp'],
  ['-lstdout -ieth0 -mpcap -c/x', '-l stdout -i eth0 -m pcap -c /x'],
  ['-l stdout -c=/x -dv', '-l stdout -c=/x -dv'],
  ['replay f -- -lstdout', 'replay f -- -lstdout'],
  ['replay -stcp f -- -sudp', 'replay --mode=stcp f -- -sudp'],
])('%s is %s', (argv, expected) => {
  expect(expandLegacySwitches(argv.split(' '))).toEqual(expected.split(' '));
});

test.each<[string[], ReturnType<typeof parseModes>]>([
  [[], null],
  [['stcp'], { tcp: 'stcp', udp: null }],
  [['audp', 'tcp'], { tcp: 'tcp', udp: 'audp' }],
  [['stcp,sudp'], { tcp: 'stcp', udp: 'sudp' }],
])('%o', (words, modes) => {
  expect(parseModes(words)).toEqual(modes);
});

test.each<[string[], RegExp]>([
  [['tcp', 'stcp'], /^--mode tcp,stcp: expected at most one TCP mode, found "stcp"$/],
  [['udp,audp'], /at most one UDP mode/],
  [['atcq'], /did you mean atcp/],
  [[''], /^--mode: expected a mode, found nothing$/],
  [[','], /found nothing/],
])('%o is a usage error', (words, message) => {
  const parse = () => parseModes(words);
  expect(parse).toThrow(message);
  expect(parse).toThrow(expect.objectContaining({ exit: 64 }));
});

test('names, TCP first', () => {
  expect(modeNames(modesOf(['sudp', 'atcp']))).toEqual(['atcp', 'sudp']);
  expect(modeNames(modesOf(['sudp']))).toEqual(['sudp']);
});
