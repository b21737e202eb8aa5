import { expect, test } from 'vitest';
import { shedding } from '../../src/sensor/shed.ts';

const status = (ambient: string) => `Name:\tnode\nCapBnd:\t000001ffffffffff\nCapAmb:\t${ambient}\n`;

test.each([
  ['root has none that would stay', '0000000000000000', []],
  ['what it needs stays', '0000000000002000', []],
  [
    'NET_ADMIN goes',
    '0000000000003000',
    ['setpriv', '--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--no-new-privs'],
  ],
])('%s', (_name, ambient, command) => {
  expect(shedding(status(ambient))).toEqual(command);
});
