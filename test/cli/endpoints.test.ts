import { describe, expect, test } from 'vitest';
import { addOpen, parsePrefixes } from '../../src/cli/endpoints.ts';
import { parseAddress } from '../../src/net/address.ts';
import { formatPrefix } from '../../src/net/prefix.ts';
import { OpenPorts } from '../../src/watch/open-ports.ts';

describe('--home', () => {
  test('addresses and prefixes of both families', () => {
    const prefixes = parsePrefixes('10.1.2.3/8, fd00::1,192.0.2.7', '--home');
    expect(prefixes.map(formatPrefix)).toEqual(['10.0.0.0/8', 'fd00::1', '192.0.2.7']);
  });

  test.each(['', '10.0.0.0/33', '10.0.0.1,', 'localhost'])('"%s" is a usage error', (text) => {
    expect(() => parsePrefixes(text, '--home')).toThrow(expect.objectContaining({ exit: 64 }));
    expect(() => parsePrefixes(text, '--home')).toThrow(
      /^--home: expected an address or a prefix such as .*, found "/,
    );
  });
});

describe('--open', () => {
  const has = (text: string, protocol: number, address: string, port: number) => {
    const open = new OpenPorts(0);
    addOpen(text, open);
    return open.has(protocol, parseAddress(address) ?? expect.fail(address), port);
  };

  test.each<[string, number, string, number, boolean]>([
    ['tcp/22', 6, '10.0.0.2', 22, true],
    ['tcp/22', 17, '10.0.0.2', 22, false],
    ['udp/53@10.0.0.2', 17, '10.0.0.2', 53, true],
    ['udp/53@10.0.0.2', 17, '10.0.0.3', 53, false],
    ['udp/53@fd00::2', 17, 'fd00::2', 53, true],
    ['tcp/22, udp/53', 17, '10.0.0.2', 53, true],
    ['tcp/1-65535', 6, '10.0.0.2', 65_535, true],
    ['tcp/20-25@10.0.0.2', 6, '10.0.0.2', 25, true],
    ['tcp/20-25@10.0.0.2', 6, '10.0.0.2', 26, false],
  ])('%s: protocol %i, %s port %i is open: %s', (text, protocol, address, port, expected) => {
    expect(has(text, protocol, address, port)).toBe(expected);
  });

  test.each([
    '',
    '22',
    'tcp/',
    'tcp/0',
    'tcp/65536',
    'tcp/9-7',
    'sctp/22',
    'tcp/22@',
    'tcp/22@host',
    'tcp/22,',
  ])('"%s" is a usage error', (text) => {
    const add = () => addOpen(text, new OpenPorts(0));
    expect(add).toThrow(expect.objectContaining({ exit: 64 }));
    expect(add).toThrow(/^--open: expected tcp\/PORT or udp\/PORT@ADDRESS such as .*, found "/);
  });
});
