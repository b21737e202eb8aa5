import { expect, test } from 'vitest';
import { chooseDevices, type Device, deviceNames, unknownDevices } from '../../src/capture/devices.ts';

const device = (name: string, marks: Partial<Device> = {}): Device => ({
  name,
  loopback: false,
  hardwareAddress: null,
  enslaved: false,
  ...marks,
});

const UP = [
  device('lo', { loopback: true }),
  device('eth0'),
  device('br0'),
  device('veth1', { enslaved: true }),
];

test.each<[string[], string[]]>([
  [['ALL_NLO'], ['eth0', 'br0']],
  [['ALL'], ['lo', 'eth0', 'br0']],
  [['eth0'], ['eth0']],
  // A port of a bridge is chosen when it is named.
  [['veth1'], ['veth1']],
  [
    ['eth0', 'eth0', 'ALL_NLO'],
    ['eth0', 'br0'],
  ],
  [
    ['lo', 'eth0'],
    ['lo', 'eth0'],
  ],
  [['any'], ['any']],
  [['down0'], []],
  [[], []],
])('%o chooses %o', (words, expected) => {
  expect(chooseDevices(words, UP)).toEqual(expected);
});

test('the interfaces of this host are known, up or not', () => {
  expect(deviceNames()).toContain('lo');
  expect(unknownDevices(['lo', 'ALL', 'ALL_NLO', 'any', 'nosuch0', 'nosuch1'])).toEqual([
    'nosuch0',
    'nosuch1',
  ]);
});
