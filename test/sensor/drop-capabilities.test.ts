import { expect, test } from 'vitest';
import { dropCapabilities } from '../../src/sensor/drop-capabilities.ts';

const status = (ambient: string) => `Name:\tnode\nCapBnd:\t000001ffffffffff\nCapAmb:\t${ambient}\n`;

test.each([
  ['root has no ambient capabilities, and needs no command', '0000000000000000', []],
  ['CAP_NET_RAW stays', '0000000000002000', []],
  [
    'CAP_NET_ADMIN is dropped',
    '0000000000003000',
    ['setpriv', '--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--no-new-privs'],
  ],
])('%s', (_name, ambient, command) => {
  expect(dropCapabilities(status(ambient))).toEqual(command);
});
