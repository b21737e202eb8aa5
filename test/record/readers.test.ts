import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KindName } from '../../src/classify/kind.ts';
import { defaultConfig } from '../../src/config/load.ts';
import { PortSet } from '../../src/config/ports.ts';
import { History, historyLine1 } from '../../src/record/history.ts';
import { Recorder } from '../../src/record/recorder.ts';
import { listeningLine, modeLines } from '../../src/record/start-lines.ts';
import { newReported } from '../support/reported.ts';
import { NOON, probeEvent, testFolder, udpEvent } from './given.ts';

// The programs that parse our lines, from the Debian packages fail2ban and logwatch.
const FAIL2BAN_FILTER = '/etc/fail2ban/filter.d/portsentry.conf';
const LOGWATCH_SCRIPT = '/usr/share/logwatch/scripts/services/portsentry';
const LOGWATCH_LIBRARY = '/usr/share/logwatch/lib';

const PROBES = [
  probeEvent(),
  probeEvent({ source: '2001:db8::1' }),
  probeEvent({ source: '2001:db8:0:1::ffff', kind: 'null', tcpFlags: 0, destinationPort: 65535 }),
  udpEvent({ source: '192.0.2.255' }),
  udpEvent({ source: 'fe80::1:2' }),
  // fail2ban's filter knows only TCP and UDP.
  probeEvent({ source: '192.0.2.7', kind: 'sctp-init', transport: 'sctp', tcpFlags: 0 }),
  probeEvent({ source: '192.0.2.8', kind: 'ip-protocol', transport: 'ip', tcpFlags: 0 }),
];

describe("fail2ban's own filter", () => {
  function historyOf(name: (source: string) => string): string {
    const historyFile = join(testFolder(), 'history');
    const tell = (text: string) => expect.fail(text);
    const history = new History({ historyFile, blockedFile: null, modes: ['atcp'], tell });
    for (const probe of PROBES) history.write(historyLine1(probe, name(probe.source)), NOON);
    history.close();
    return historyFile;
  }

  /** The address that the filter finds in each line. */
  function banned(historyFile: string): string[] {
    const options = ['--out', 'ip', historyFile, FAIL2BAN_FILTER];
    return execFileSync('fail2ban-regex', options, { encoding: 'utf8' }).trim().split('\n');
  }

  test.each([
    ['without names', (source: string) => source],
    ['with names', () => 'a-1.scanner_2.example'],
  ])('finds the source in every line of the history, %s', (_what, name) => {
    const historyFile = historyOf(name);
    const lines = readFileSync(historyFile, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(PROBES.length);
    expect(banned(historyFile)).toEqual(PROBES.map(({ source }) => source));
  });

  test('takes the time of a line from its epoch', () => {
    const report = spawnSync('fail2ban-regex', [historyOf(String), FAIL2BAN_FILTER], { encoding: 'utf8' });
    expect(report.stdout).toContain(`[${PROBES.length}] {^LN-BEG}Epoch`);
    expect(report.stdout).toContain(
      `Lines: ${PROBES.length} lines, 0 ignored, ${PROBES.length} matched, 0 missed`,
    );
  });
});

describe("logwatch's own script", () => {
  /** The report of the script on lines without headers, which logwatch removes. */
  function report(lines: readonly string[]): string {
    return execFileSync('perl', ['-I', LOGWATCH_LIBRARY, LOGWATCH_SCRIPT], {
      input: `${lines.join('\n')}\n`,
      encoding: 'utf8',
      env: { ...process.env, LOGWATCH_DETAIL_LEVEL: '10', LOGWATCH_NUMERIC: '1' },
    });
  }

  function linesOf(use: (recorder: Recorder) => void): string[] {
    const lines: string[] = [];
    const text = (line: string) => lines.push(line);
    use(new Recorder({ logFormat: 1, sumUp: true, text, events: null, history: null, names: null }));
    return lines;
  }

  const SCANS: [kind: KindName, tcpFlags: number, heading: string][] = [
    ['null', 0x00, 'TCP NULL from:'],
    ['fin', 0x01, 'TCP FIN from:'],
    ['xmas', 0x29, 'TCP XMAS from:'],
    ['syn', 0x02, 'TCP SYN/Normal from:'],
    ['maimon', 0x11, 'TCP Maimon from:'],
    ['ack', 0x10, 'TCP ACK from:'],
  ];

  test.each(SCANS)('knows a %s scan', (kind, tcpFlags, heading) => {
    const event = probeEvent({ kind, tcpFlags, source: '2001:db8::1' });
    const text = report(linesOf((recorder) => recorder.probe(event, newReported())));
    expect(text).toContain(`${heading}\n      2001:db8::1: ports: 111\n`);
    expect(text).not.toContain('Unmatched');
  });

  test.each([
    ['sctp-init', 'sctp', 'SCTP INIT from:'],
    ['sctp-cookie-echo', 'sctp', 'SCTP COOKIE-ECHO from:'],
    ['ip-protocol', 'ip', 'IP protocol from:'],
  ] as const)('knows a scan of the kind %s', (kind, transport, heading) => {
    const event = probeEvent({ kind, transport, tcpFlags: 0 });
    const text = report(linesOf((recorder) => recorder.probe(event, newReported())));
    expect(text).toContain(`${heading}\n      10.99.0.1: ports: 111\n`);
    expect(text).not.toContain('Unmatched');
  });

  test('knows a UDP scan', () => {
    const text = report(linesOf((recorder) => recorder.probe(udpEvent(), newReported())));
    expect(text).toContain('UDP from:\n      10.99.0.1: ports: 9\n');
    expect(text).not.toContain('Unmatched');
  });

  test('counts each block that worked and none that failed', () => {
    const lines = linesOf((recorder) => {
      recorder.step('10.99.0.1', { step: 'route', text: 'true', failure: null });
      recorder.step('10.99.0.1', { step: 'wrappers', text: 'ALL: 10.99.0.1', failure: null });
      recorder.step('10.99.0.1', { step: 'route', text: 'false', failure: 'exit status 1' });
      recorder.step('10.99.0.1', { step: 'wrappers', text: 'ALL: 10.99.0.1', failure: 'read-only' });
    });
    expect(report(lines)).toContain('Warning: Blocked route from/to 10.99.0.1 2 times(s).');
  });

  test('knows that a host is already blocked', () => {
    const lines = linesOf((recorder) => {
      recorder.probe(probeEvent({ alreadyBlocked: true }), newReported());
      recorder.probe(udpEvent({ alreadyBlocked: true }), newReported());
    });
    expect(lines).toHaveLength(4);
    expect(report(lines)).not.toContain('Unmatched');
  });

  test('knows which ports are excluded, and that we listen', () => {
    const ports = (port: number) => PortSet.of([{ first: port, last: port }]);
    const config = { ...defaultConfig(), advancedExcludeTcp: ports(113), advancedExcludeUdp: ports(520) };
    const inUse = { tcp: ports(22), udp: ports(53) };
    const listening = { tcp: ports(1), udp: ports(7) };
    const lines = modeLines(config, ['atcp', 'audp'], { inUse, listening });
    const text = report([...lines.filter((line) => !line.includes('monitor first')), listeningLine(1)]);
    expect(text).toContain('Advanced Stealth:\n      TCP: ports: 22 113\n      UDP: ports: 53 520\n');
    expect(text).toContain('Advanced: ports: 113 520\n');
    expect(text).not.toContain('Unmatched');
  });
});

describe('the expressions of other readers', () => {
  /** What these programs look for, in our words: the parts of a line that they take out. */
  const READERS = {
    'OSSEC, connect':
      /^attackalert: Connect from host: (?<source>\S+)\/\S+ to (?<protocol>TCP|UDP) port: (?<port>\d+)$/,
    'OSSEC, blocked': /^attackalert: Host: (?<source>\S+) is already blocked\. Ignoring$/,
    'Prelude, scan':
      /^attackalert: (?<type>.+) scan from host: (?<name>\S+)\/(?<source>\S+) to (?<protocol>TCP|UDP) port: (?<port>\d+)$/,
    'Prelude, action':
      /^attackalert: Host (?<source>\S+) has been blocked via dropped route using command: "(?<command>.*)"$/,
    'Prelude, blocked': /^attackalert: Host: (?<name>[^/ ]+)\/(?<source>\S+) is already blocked/,
    '2.x':
      /^Scan from: \[(?<source>[^\]]+)\] \((?<name>[^)]*)\) protocol: \[(?<protocol>TCP|UDP)\] port: \[(?<port>\d+)\] type: \[(?<type>[^\]]+)\] IP opts: \[(set|not set|unknown)\] ignored: \[(true|false)\] triggered: \[(true|false|unset)\] noblock: \[(true|false|unset)\] blocked: \[(true|false|unset)\]$/,
  } as const;

  function linesOf(logFormat: 1 | 2, use: (recorder: Recorder) => void): string[] {
    const lines: string[] = [];
    const text = (line: string) => lines.push(line);
    use(new Recorder({ logFormat, sumUp: true, text, events: null, history: null, names: null }));
    return lines;
  }

  const connect = probeEvent({ kind: 'connect', mode: 'tcp', tcpFlags: 0 });
  const step = { step: 'route', text: 'true', failure: null } as const;

  test.each<[keyof typeof READERS, 1 | 2, (recorder: Recorder) => void, Record<string, string>]>([
    [
      'OSSEC, connect',
      1,
      (recorder) => recorder.probe(connect, newReported()),
      { source: '10.99.0.1', protocol: 'TCP', port: '111' },
    ],
    [
      'OSSEC, blocked',
      1,
      (recorder) => recorder.probe({ ...connect, alreadyBlocked: true }, newReported()),
      { source: '10.99.0.1' },
    ],
    [
      'Prelude, scan',
      1,
      (recorder) => {
        const reported = newReported();
        for (let port = 1; port <= 20; port++)
          recorder.probe(probeEvent({ destinationPort: port }), reported);
        recorder.probe(probeEvent({ kind: 'null', tcpFlags: 0 }), reported);
      },
      { type: 'TCP NULL', source: '10.99.0.1', port: '111' },
    ],
    ['Prelude, action', 1, (recorder) => recorder.step('10.99.0.1', step), { command: 'true' }],
    [
      'Prelude, blocked',
      1,
      (recorder) => recorder.probe(probeEvent({ alreadyBlocked: true }), newReported()),
      { name: '10.99.0.1', source: '10.99.0.1' },
    ],
    ['2.x', 2, (recorder) => recorder.probe(connect, newReported()), { type: 'Connect', port: '111' }],
    ['2.x', 2, (recorder) => recorder.probe(udpEvent(), newReported()), { type: 'UDP', port: '9' }],
  ])('%s, LOG_FORMAT="%i"', (reader, logFormat, use, groups) => {
    const found = linesOf(logFormat, use).map((line) => READERS[reader].exec(line)?.groups);
    expect(found.at(-1)).toMatchObject(groups);
  });

  test('in the form of 2.x each line of a probe fits, and what is ours begins with adminalert', () => {
    const lines = linesOf(2, (recorder) => {
      for (const probe of PROBES.slice(0, 5)) recorder.probe(probe, newReported());
      for (let port = 1; port <= 200; port++)
        recorder.probe(probeEvent({ destinationPort: port }), newReported());
      recorder.decoys({
        ...probeEvent(),
        action: 'decoys',
        members: ['10.99.0.1'],
        isOneSender: true,
        spared: true,
      });
      recorder.close();
    });
    expect(lines.filter((line) => READERS['2.x'].test(line))).toHaveLength(100);
    expect(lines.filter((line) => !READERS['2.x'].test(line))).toEqual([
      expect.stringMatching(/^adminalert: Decoys: /),
      expect.stringMatching(/^adminalert: 105 probes have no line/),
    ]);
  });
});
