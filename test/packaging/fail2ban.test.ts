import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { History } from '../../src/record/history.ts';
import { Names } from '../../src/record/names.ts';
import { Recorder } from '../../src/record/recorder.ts';
import { probeEvent, testFolder, udpEvent } from '../record/given.ts';
import { newReported } from '../support/reported.ts';

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

/** The history of one block of each probe's source, or of a line for each with BLOCK_TCP="0". */
function historyOf(logFormat: 1 | 2, name: string | null, blocks: boolean): string {
  const historyFile = join(testFolder(), 'history');
  const tell = (text: string) => expect.fail(text);
  const history = new History({ historyFile, blockedFile: null, modes: ['atcp'], tell });
  const names = name === null ? null : namesOf(name);
  const parts = { logFormat, sumUp: true, text: null, events: null, history, names } as const;
  const recorder = new Recorder(parts);
  for (const probe of PROBES) {
    const event = { ...probe, noBlock: !blocks };
    const outcome = { target: probe.source, until: null, times: 1, method: 'command', steps: [] } as const;
    recorder.probe(event, newReported(), blocks ? 'begun' : 'none');
    if (blocks) recorder.block({ ...event, ...outcome, action: 'block', reason: null }, event);
    else recorder.unblocked(event);
  }
  recorder.close();
  return historyFile;
}

/** Knows this name for every address. */
function namesOf(name: string): Names {
  const names = new Names();
  names.withName = (_address, _now, use) => use(name);
  return names;
}

test.each([
  [1, null, true],
  [1, 'a-1.scanner_2.example', false],
  [2, null, true],
  [2, null, false],
  [2, 'a-1.scanner_2.example', true],
] as const)('LOG_FORMAT="%i", name %s, blocks %s: every source is banned', (logFormat, name, blocks) => {
  expect(banned(historyOf(logFormat, name, blocks))).toEqual(PROBES.map(({ source }) => source));
});

test('in the form of 2.x, no source is banned that is spared, or whose packets may be forged', () => {
  const historyFile = join(testFolder(), 'history');
  const tell = (text: string) => expect.fail(text);
  const history = new History({ historyFile, blockedFile: null, modes: ['atcp'], tell });
  const recorder = new Recorder({
    logFormat: 2,
    sumUp: true,
    text: null,
    events: null,
    history,
    names: null,
  });
  recorder.probe(probeEvent({ source: '192.0.2.1', ignored: 'ignore file 192.0.2.1' }), newReported());
  recorder.probe(probeEvent({ source: '192.0.2.2', ignored: 'default gateway' }), newReported());
  recorder.probe(probeEvent({ source: '192.0.2.3', decoy: true }), newReported(), 'held back');
  recorder.probe(probeEvent({ source: '192.0.2.4', triggered: false }), newReported());
  recorder.probe(probeEvent({ source: '192.0.2.5', noBlock: true }), newReported());
  recorder.close();
  expect(banned(historyFile)).toEqual(['192.0.2.5']);
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
