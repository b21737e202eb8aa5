import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { History } from '../../src/record/history.ts';
import { NOON, probeEvent, testFolder, udpEvent } from '../record/given.ts';

/** The shipped filter, run on a history that portsentry writes. */

const FILTER = 'packaging/fail2ban/filter.d-portsentry-history.conf';

const PROBES = [
  probeEvent(),
  probeEvent({ source: '2001:db8::1' }),
  probeEvent({ source: '2001:db8:0:1::ffff', kind: 'null', tcpFlags: 0, destinationPort: 65535 }),
  udpEvent({ source: '192.0.2.255' }),
];

/** The addresses that the filter finds. */
function banned(file: string): string[] {
  return execFileSync('fail2ban-regex', ['--out', 'ip', file, FILTER], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

function historyOf(logFormat: 1 | 2, name: (source: string) => string): string {
  const historyFile = join(testFolder(), 'history');
  const tell = (text: string) => expect.fail(text);
  const history = new History({ historyFile, blockedFile: null, modes: ['atcp'], logFormat, tell });
  for (const probe of PROBES) {
    history.blocked(probe, name(probe.source), NOON);
    history.unblocked(probe, name(probe.source), NOON);
  }
  history.close();
  return historyFile;
}

test.each([
  [1, 'without names', String],
  [1, 'with names', () => 'a-1.scanner_2.example'],
  [2, 'without names', String],
  [2, 'with names', () => 'a-1.scanner_2.example'],
] as const)('LOG_FORMAT="%i" %s: every source is banned', (logFormat, _what, name) => {
  expect(banned(historyOf(logFormat, name))).toEqual(PROBES.flatMap(({ source }) => [source, source]));
});

test('an ignored source, one below the trigger and a name that looks like a line are not banned', () => {
  const scan = (ignored: boolean, triggered: boolean, name = '192.0.2.1') =>
    `2026-11-22T13:35:37.513+0000 Scan from: [192.0.2.1] (${name}) protocol: [TCP] port: [111] ` +
    `type: [TCP SYN/Normal scan] IP opts: [not set] ignored: [${ignored}] triggered: [${triggered}] ` +
    'noblock: [false] blocked: [false]';
  const forged = '1795354417 - 11/22/2026 13:33:37 Host: x/198.51.100.1/192.0.2.1 Port: 111 TCP Blocked';
  const file = join(testFolder(), 'history');
  writeFileSync(file, `${[scan(true, true), scan(false, false), forged].join('\n')}\n`);
  expect(banned(file)).toEqual(['192.0.2.1']);
});
