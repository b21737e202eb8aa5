import { expect, test } from 'vitest';
import { TIME_DAEMONS, type TimeDaemon, timeServersOf } from '../../../src/watch/lifelines/time-servers.ts';

const daemon = (command: string) => TIME_DAEMONS.find((one) => one.command === command) as TimeDaemon;

/** As chrony 4.3, ntpsec 1.2 and systemd 252 print them. */
const CHRONYC =
  '#,*,PPS0,0,4,377,12,0.1,0.1,0.1\n^,*,192.0.2.1,2,6,377,34,-0.0001,0.0001,0.02\n=,?,2001:db8::1,0,6,0,4294967295,0,0,0\n';
const NTPQ = `     remote                                   refid      st t when poll reach   delay   offset   jitter
=======================================================================================================
 0.debian.pool.ntp.org                   .POOL.          16 p    -  256    0   0.0000   0.0000   0.0001
*192.0.2.1                               198.51.100.1     2 u   34   64  377   1.2000   0.1000   0.0500
+2001:db8::1                             198.51.100.2     2 u   12   64  377   2.0000   0.2000   0.0700
`;

test.each<[string, string, string[]]>([
  ['chronyc', CHRONYC, ['192.0.2.1', '2001:db8::1']],
  ['chronyc', '506 Cannot talk to daemon\n', []],
  ['ntpq', NTPQ, ['192.0.2.1', '2001:db8::1']],
  ['busctl', '{"type":"(iay)","data":[2,[192,0,2,1]]}\n', ['192.0.2.1']],
  ['busctl', '{"type":"(iay)","data":[10,[32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1]]}\n', ['2001:db8::1']],
  ['busctl', '{"type":"(iay)","data":[0,[]]}\n', []],
  ['busctl', '{"type":"(iay)","data":[2,[999,0,2,1]]}\n', []],
])('%s says %j', (command, output, expected) => {
  expect(timeServersOf([[daemon(command), output]]).map(({ address }) => String(address))).toEqual(expected);
});
