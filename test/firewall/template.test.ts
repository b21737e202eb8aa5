import { expect, test } from 'vitest';
import { expand } from '../../src/firewall/template.ts';
import { blockOf } from '../respond/given.ts';

const EXPANSIONS: [template: string, result: string][] = [
  ['', ''],
  ['iptables -I INPUT -s $TARGET$ -j DROP', 'iptables -I INPUT -s 10.99.0.1 -j DROP'],
  ['$TARGET$ $PORT$ $MODE$ $PROTO$ $KIND$', '10.99.0.1 111 atcp tcp syn'],
  ['echo $TARGET$:$PORT$ $TARGET$:$PORT$', 'echo 10.99.0.1:111 10.99.0.1:111'],
  ['$TARGET$PORT$', '10.99.0.1PORT$'],
  ['$HOME $$ $target$ $TARGET $1 $& TARGET$', '$HOME $$ $target$ $TARGET $1 $& TARGET$'],
];

test.each(EXPANSIONS)('expand(%j) is %j', (template, result) => {
  expect(expand(template, blockOf('10.99.0.1'))).toBe(result);
});

test('an IPv6 source is written as in RFC 5952', () => {
  expect(expand('$TARGET$', blockOf('2001:db8::/64'))).toBe('2001:db8::/64');
  expect(expand('$TARGET$', blockOf('2001:db8::1'))).toBe('2001:db8::1');
});

const FAULTS: [what: string, cause: object, target?: string][] = [
  ['a command in the address', {}, '10.0.0.1; reboot'],
  ['an address that is not canonical', {}, '2001:DB8::1'],
  ['a prefix with host bits', {}, '10.0.0.1/24'],
  ['text after the length', {}, '10.0.0.0/24;'],
  ['a port that is not a number', { destinationPort: '1 && reboot' }],
  ['a port above 65535', { destinationPort: 65536 }],
  ['a fractional port', { destinationPort: 1.5 }],
  ['a mode with a space', { mode: 'atcp x' }],
  ['a transport with punctuation', { transport: '$(x)' }],
  ['an empty kind', { kind: '' }],
];

test.each(FAULTS)('%s is refused as a bug', (_what, cause, target = '10.99.0.1') => {
  const block = blockOf(target, {}, cause);
  expect(() => expand('$TARGET$ $PORT$ $MODE$ $PROTO$ $KIND$', block)).toThrow(TypeError);
});
