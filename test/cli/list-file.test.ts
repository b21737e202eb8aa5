import { expect, test } from 'vitest';
import { parseList } from '../../src/cli/list-file.ts';
import { CommandError } from '../../src/preflight/exit.ts';

test.each<[name: string, text: string, targets: string[]]>([
  [
    'plain, with comments and blank lines',
    '# head\n10.0.0.0/8\n\n  192.0.2.1 ; SBL1\r\n2001:DB8::/32#x\n',
    ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'],
  ],
  [
    'the JSON lines of DROP',
    '{"cidr":"192.0.2.0/24","sblid":"SBL1","rir":"ripencc"}\n{"cidr":"2001:db8::/32","sblid":"SBL2"}\n' +
      '{"type":"metadata","timestamp":1,"size":2,"records":2,"copyright":"x"}\n',
    ['192.0.2.0/24', '2001:db8::/32'],
  ],
  [
    'the JSON lines of portsentry list --json',
    '{"target":"192.0.2.1","until":null,"note":"portsentry/scan from one"}\n{"target":"2001:db8::/64"}\n',
    ['192.0.2.1', '2001:db8::/64'],
  ],
  ['the same entry twice', '192.0.2.1\n192.0.2.1/32\n', ['192.0.2.1']],
])('%s', (_name, text, targets) => {
  expect(parseList(text, 'list')).toEqual(targets);
});

test.each<[text: string, error: string]>([
  ['10.0.0.0/8\nevil.example\n', 'list:2: expected an address or a prefix, found "evil.example"'],
  ['10.0.0.0/33', 'list:1: expected an address or a prefix, found "10.0.0.0/33"'],
  ['\u001b[2J', 'list:1: expected an address or a prefix, found "?[2J"'],
  ['{"cidr":3}', 'list:1: expected an address or a prefix, found "{\\"cidr\\":3}"'],
  ['{"cidr"', 'list:1: expected an address or a prefix, found "{\\"cidr\\""'],
  ['<html>Not found</html>', 'list:1: expected an address or a prefix, found "<html>Not found</html>"'],
  ['', 'list has no entries; unblock --list takes a list away'],
  ['# only\n; comments', 'list has no entries; unblock --list takes a list away'],
])('%j', (text, error) => {
  expect(() => parseList(text, 'list')).toThrow(new CommandError(65, error));
});
