import { expect, test } from 'vitest';
import { launcher } from '../../src/sensor/launch.ts';

const ALL = '000001ffffffffff';
const NONE = '0000000000000000';
/** NET_RAW, NET_ADMIN, NET_BIND_SERVICE, SETUID and SETGID. */
const UNIT = '00000000000034c0';
const status = (effective: string, ambient: string) =>
  `Name:\tnode\nCapEff:\t${effective}\nCapAmb:\t${ambient}\n`;
const inherit = (caps: string) => ['setpriv', `--inh-caps=${caps}`];
const bound = ['setpriv', '--bounding-set=-all', '--no-new-privs'];

test.each<[string, boolean, string, string, string[]]>([
  [
    'root passes on what it takes to open devices, and empties the bounding set',
    true,
    ALL,
    NONE,
    [...inherit('-all,+dac_read_search,+setgid,+setuid,+net_admin,+net_raw'), ...bound],
  ],
  [
    'root passes on nothing that it does not have',
    true,
    '00000000000021c0',
    NONE,
    [...inherit('-all,+setgid,+setuid,+net_raw'), ...bound],
  ],
  ['without CAP_SETPCAP the bounding set stays', true, UNIT, NONE, ['setpriv', '--no-new-privs']],
  [
    'a USER daemon passes CAP_NET_RAW on',
    false,
    '0000000000003000',
    '0000000000003000',
    [...inherit('-all,+net_raw'), '--ambient-caps=-all,+net_raw', '--no-new-privs'],
  ],
  ['capabilities of the file of Node would not survive it', false, '0000000000002000', NONE, []],
])('%s', (_name, isRoot, effective, ambient, command) => {
  expect(launcher(isRoot, status(effective, ambient))).toEqual(command);
});
