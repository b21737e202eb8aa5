import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type PcapngBlock, writePcap, writePcapng } from '../support/capture-writer.ts';
import { ACK, arpPacket, ethernet, FIN, SYN, tcpPacket, udpPacket } from '../support/frames.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(ROOT, 'dist/main.js');

/** 13:33:37 UTC on 22 November 2026. */
const SECONDS = 1_795_354_417;

const SCANNER = '10.99.0.1';
const HOST = '10.99.0.2';

let folder: string;
let configuration: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-replay-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  configuration = file('portsentry.conf', 'SCAN_TRIGGER="0"\nIGNORE_FILE="/dev/null"\n');
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs the built program. */
function portsentry(args: readonly string[], input?: Uint8Array) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    input: input ?? '',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, TZ: 'UTC' },
  });
  return { status, stdout, stderr };
}

/** Runs `portsentry replay` with the test's configuration, without times and without a summary. */
function replay(args: readonly string[], input?: Uint8Array) {
  return portsentry(['replay', '-c', configuration, '--no-summary', '--no-time', ...args], input);
}

const tcp = (destinationPort: number, flags = SYN, fields = {}) =>
  ethernet(tcpPacket({ source: SCANNER, destination: HOST, destinationPort, flags, ...fields }));
const udp = (source: string, sourcePort: number, destination: string, destinationPort: number) =>
  ethernet(udpPacket({ source, sourcePort, destination, destinationPort }));

/** One frame a second. */
function capture(...frames: Uint8Array[]): Uint8Array {
  return writePcap({ frames: frames.map((data, index) => ({ data, seconds: SECONDS + index })) });
}

const SCAN = capture(tcp(111), tcp(79, FIN), udp(SCANNER, 40_000, HOST, 9));
const SCAN_LINES = [
  `attackalert: TCP SYN/Normal scan from host: ${SCANNER}/${SCANNER} to TCP port: 111`,
  `attackalert: TCP FIN scan from host: ${SCANNER}/${SCANNER} to TCP port: 79`,
  `attackalert: UDP scan from host: ${SCANNER}/${SCANNER} to UDP port: 9`,
];

const lines = (text: string) => text.split('\n').slice(0, -1);
/** Only the alerts. */
const alerts = (text: string) => lines(text).filter((line) => line.includes(' scan from '));
/** The ports of the alerts. */
const ports = (text: string) => alerts(text).map((line) => Number(/port: (\d+)$/.exec(line)?.[1]));

describe('every form of the capture gives the same output', () => {
  test.each<[string, () => ReturnType<typeof replay>]>([
    ['a file', () => replay([file('f.pcap', SCAN)])],
    ['gzip', () => replay([file('f.pcap.gz', gzipSync(SCAN))])],
    ['standard input', () => replay(['-'], SCAN)],
    ['gzip on standard input', () => replay(['-'], gzipSync(SCAN))],
    [
      'two files',
      () =>
        replay([
          file('a.pcap', capture(tcp(111))),
          file('b.pcap', capture(tcp(79, FIN), udp(SCANNER, 4, HOST, 9))),
        ]),
    ],
  ])('%s', (_name, run) => {
    const { status, stdout, stderr } = run();
    expect(alerts(stdout)).toEqual(SCAN_LINES);
    expect([status, stderr]).toEqual([0, '']);
  });

  test('two replays of a file give the same bytes', () => {
    const frames = Array.from({ length: 2_000 }, (_, index) =>
      tcp(1 + (index % 1_000), SYN, { source: `10.98.${index % 7}.${index % 11}` }),
    );
    const path = file('f.pcap', capture(...frames));
    for (const format of ['text', 'json']) {
      const first = replay(['--format', format, path]);
      expect(first.stdout.length).toBeGreaterThan(10_000);
      expect(replay(['--format', format, path])).toEqual(first);
    }
  });
});

describe('formats', () => {
  test('json: one event on each line, and a scan at the end', () => {
    const { stdout } = replay(['--format', 'json', file('f.pcap', SCAN)]);
    const events = lines(stdout).map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event.action)).toEqual(['probe', 'probe', 'probe', 'scan']);
    expect(events[0]).toMatchObject({
      '@timestamp': '2026-11-22T13:33:37.000Z',
      source: { ip: SCANNER, port: 40_000 },
      destination: { ip: HOST, port: 111 },
      portsentry: { mode: 'atcp', kind: 'syn', connects: 1, triggered: true, repeat: false },
    });
    expect(events[3].portsentry.scan).toMatchObject({ probes: 3, ports: 3, targets: 1 });
  });

  test('none: only the summary, on stderr', () => {
    const { status, stdout, stderr } = portsentry([
      'replay',
      '-c',
      configuration,
      '--format',
      'none',
      file('f', SCAN),
    ]);
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(
      /^first packet .*\nlast packet .*\nlength +2\.0 s\nlink types +ETHERNET\npackets +3\nprobes +3\nscans +1\nsources +1\ntargets +1\ntime +[\d.]+ s\npackets per second +\d+\n\nTop sources\n/,
    );
  });

  const summaryOf = (args: readonly string[]) => {
    const { stderr } = portsentry(['replay', '-c', configuration, '--format', 'none', ...args]);
    const counts = stderr.replace(
      /^(first packet|last packet|length|link types|time|packets per second) .*\n/gm,
      '',
    );
    return counts.replace(/\nTop sources\n[\s\S]*/, '').replace(/ {2,}/g, '  ');
  };

  test('the summary has a row for every packet that is no probe for where it goes', () => {
    const frames = [
      tcp(111),
      tcp(2_000),
      tcp(2_001, SYN, { destination: '10.99.0.3' }),
      tcp(79, SYN, { destination: '10.99.0.3' }),
      tcp(79, SYN, { source: HOST }),
      udp(SCANNER, 40_000, HOST, 3_000),
      tcp(2_002, ACK),
    ];
    const path = file('f', capture(...frames));
    expect(summaryOf(['--home', HOST, path])).toBe(
      'packets  7\n  source is destination  1\n  not to a protected address  2\n' +
        '  TCP ports that atcp does not watch  1\n  UDP ports that audp does not watch  1\nprobes  1\nscans  1\nsources  1\ntargets  1\n',
    );
    expect(summaryOf(['--mode', 'sudp', path])).toContain('  TCP ports, without a TCP mode  4\n');
  });

  test('the summary names the sender whose checksums are all wrong, and --no-checksum', () => {
    const bad = { checksum: 0x1234 };
    const path = file(
      'f',
      capture(tcp(111, SYN, bad), tcp(112, SYN, bad), tcp(113, SYN, { source: '10.99.0.7' })),
    );
    const { stderr } = portsentry(['replay', '-c', configuration, '--format', 'none', path]);
    expect(stderr).toContain(`All checksums of ${SCANNER} (2) are wrong. `);
    expect(stderr).toContain('--no-checksum');
    const mixed = file('g', capture(tcp(110), tcp(111, SYN, bad)));
    expect(summaryOf([mixed])).not.toContain('All checksums');
    const later = file('h', capture(tcp(111, SYN, bad), tcp(110)));
    expect(summaryOf([later])).not.toContain('All checksums');
  });

  test('an ARP sweep is noted, and a question for a few addresses is not', () => {
    const asks = (from: string, count: number) =>
      Array.from({ length: count }, (_, host) =>
        ethernet(arpPacket(from, `10.99.0.${host + 10}`), {
          etherType: 0x0806,
          destination: 'ff:ff:ff:ff:ff:ff',
        }),
      );
    const seconds = [...asks('10.99.0.7', 16), ...asks('10.99.0.8', 20)].map((data) => ({
      data,
      seconds: SECONDS,
    }));
    const path = file('f', writePcap({ frames: seconds }));
    const { stdout } = replay([path]);
    expect(lines(stdout)).toEqual([
      ...[26, 27, 28, 29].map(
        (host) => `adminalert: ARP sweep from host: 10.99.0.8/10.99.0.8 for address: 10.99.0.${host}`,
      ),
      'adminalert: Scan by 10.99.0.8 ended: 4 probes to 4 addresses in 0 ms (ARP), arp sweep; ' +
        'began 2026-11-22 13:33:37; targets 10.99.0.26 10.99.0.27 10.99.0.28 10.99.0.29',
    ]);
    configuration = file('c', 'DETECT="syn"\nIGNORE_FILE="/dev/null"\n');
    expect(replay([path]).stdout).toBe('');
    expect(summaryOf([path])).toBe(
      'packets  36\n  not IP  36\nprobes  0\nscans  0\nsources  0\ntargets  0\n',
    );
  });

  test('checksums that are left to the network card are no reason to leave out a packet', () => {
    const left = capture(tcp(111, SYN, { checksum: 0 }), tcp(112, SYN, { checksum: 'pseudo' }));
    expect(ports(replay([file('f', left)]).stdout)).toEqual([111, 112]);
  });

  test('the summary has the same numbers in each format, also where sources are decoys', () => {
    const path = 'fixtures/captures/nmap-decoys.pcap';
    const numbers = ['text', 'json', 'none'].map((format) => {
      const { stderr } = portsentry(['replay', '-c', 'fixtures/conf/replay.conf', '--format', format, path]);
      return stderr.split('\ntime ')[0]?.replace(/^[\s\S]*(?=\npackets)/, '');
    });
    expect(new Set(numbers).size).toBe(1);
    expect(numbers[0]).toMatch(/scans +1\nsources +3\ntargets +1$/);
  });

  test('the summary counts undecoded packets by reason', () => {
    const arp = ethernet(new Uint8Array(28), { etherType: 0x0806 });
    const path = file('f', capture(arp, arp, tcp(111), tcp(112, SYN, { checksum: 1 })));
    const { stderr } = portsentry(['replay', '-c', configuration, path]);
    expect(stderr).toMatch(/\npackets +4\n +not IP +2\n +wrong transport checksum +1\nprobes +1\n/);
  });
});

describe('what is a probe', () => {
  test('modes come from the configuration or from the command line', () => {
    configuration = file('c', 'MODES="stcp"\nTCP_PORTS="79"\nUDP_PORTS="9"\nIGNORE_FILE="/dev/null"\n');
    const path = file('f.pcap', SCAN);
    expect(ports(replay([path]).stdout)).toEqual([79]);
    expect(ports(replay(['-sudp', path]).stdout)).toEqual([9]);
    expect(ports(replay(['--mode', 'atcp,sudp', path]).stdout)).toEqual([111, 79, 9]);
  });

  const answered = () => [
    tcp(111),
    ethernet(
      tcpPacket({
        source: HOST,
        sourcePort: 111,
        destination: SCANNER,
        destinationPort: 40_000,
        flags: SYN | ACK,
      }),
    ),
    tcp(112),
  ];

  test('a port that answered is in use from the first packet on, unless --no-infer-open is given', () => {
    const path = file('f.pcap', capture(...answered()));
    expect(ports(replay([path]).stdout)).toEqual([112]);
    expect(ports(replay(['--no-infer-open', path]).stdout)).toEqual([111, 112]);
  });

  test('packets that no honest host sends are probes of ports in use and of ports that are not watched', () => {
    const syn = answered().slice(0, 2);
    const path = file(
      'f',
      capture(...syn, tcp(111, FIN), tcp(50_000, 0), tcp(111, SYN | FIN | ACK), tcp(50_001, SYN)),
    );
    expect(ports(replay([path]).stdout)).toEqual([111, 50_000]);
    expect(replay([path]).stdout).toContain('SYN: 1 FIN: 1 ACK: 1');
  });

  test('an answer in the second file counts for the first', () => {
    const [syn, ack, other] = answered() as [Uint8Array, Uint8Array, Uint8Array];
    const files = [file('a', capture(syn, other)), file('b', capture(ack))];
    expect(ports(replay(files).stdout)).toEqual([112]);
  });

  test('a reply to a port that sent a datagram is not a probe', () => {
    const path = file('f', capture(udp(HOST, 700, '192.0.2.53', 53), udp('192.0.2.53', 53, HOST, 700)));
    expect(ports(replay(['--open', 'udp/53', path]).stdout)).toEqual([]);
    expect(ports(replay(['--open', 'udp/53', '--no-infer-open', path]).stdout)).toEqual([700]);
  });

  test('--home sets the protected addresses', () => {
    const path = file(
      'f',
      capture(tcp(1), tcp(2, SYN, { destination: '10.99.0.3' }), tcp(3, SYN, { destination: '9.9.9.9' })),
    );
    expect(ports(replay([path]).stdout)).toEqual([1, 2, 3]);
    expect(ports(replay(['--home', '10.99.0.3,9.0.0.0/8', path]).stdout)).toEqual([2, 3]);
  });

  test('--open sets the ports in use, at one address or at all of them', () => {
    const path = file('f', capture(tcp(1), tcp(1, SYN, { destination: '10.99.0.3' })));
    expect(ports(replay(['--open', 'tcp/1', path]).stdout)).toEqual([]);
    expect(alerts(replay(['--open', `tcp/1@${HOST}`, path]).stdout)).toHaveLength(1);
    expect(alerts(replay(['--open', 'udp/1', path]).stdout)).toHaveLength(2);
  });

  test('a packet with a wrong checksum is not a probe, unless --no-checksum is given', () => {
    const path = file(
      'f',
      capture(tcp(1, SYN, { checksum: 0x1234 }), tcp(2, SYN, { checksum: 'pseudo' }), tcp(3)),
    );
    expect(ports(replay([path]).stdout)).toEqual([2, 3]);
    expect(ports(replay(['--no-checksum', path]).stdout)).toEqual([1, 2, 3]);
  });

  test('an ignored source has no alert, and its event gives the reason', () => {
    const ignore = file('ignore', `${SCANNER}/24\n`);
    configuration = file('c', `IGNORE_FILE="${ignore}"\n`);
    const path = file('f', SCAN);
    expect(alerts(replay([path]).stdout)).toEqual([]);
    const [first] = lines(replay(['--format', 'json', path]).stdout);
    expect(JSON.parse(first as string).portsentry.ignored).toBe(`ignore file ${ignore}:1 ${SCANNER}/24`);
  });
});

describe('--act', () => {
  const act = (path: string) => {
    configuration = file(
      'c',
      `BLOCK_TCP="1"\nIGNORE_FILE="/dev/null"\nKILL_ROUTE="echo $TARGET$:$PORT$ >> ${folder}/blocks"\n`,
    );
    const { status, stdout } = replay(['--act', path]);
    return { status, stdout, blocks: execFileSync('cat', [join(folder, 'blocks')], { encoding: 'utf8' }) };
  };

  test('carries out the actions once for each source', () => {
    const { status, stdout, blocks } = act(file('f', capture(tcp(111), tcp(112), tcp(114))));
    expect([status, blocks]).toEqual([0, `${SCANNER}:111\n`]);
    expect(stdout).toContain(`attackalert: Host ${SCANNER} has been blocked via dropped route`);
  });

  test('nothing is executed without it', () => {
    configuration = file(
      'c',
      `BLOCK_TCP="1"\nIGNORE_FILE="/dev/null"\nKILL_ROUTE="echo $TARGET$ >> ${folder}/blocks"\n`,
    );
    replay([file('f', SCAN)]);
    expect(() => execFileSync('cat', [join(folder, 'blocks')], { stdio: 'pipe' })).toThrow();
  });
});

describe('bad input gives one line and an exit code, and the packets before it count', () => {
  test.each<[string, () => string, number, RegExp, number]>([
    ['a truncated file', () => file('f', SCAN.slice(0, -5)), 65, /^portsentry: \S+\/f: .*\d+.*\n$/, 2],
    [
      'a truncated gzip file',
      () => file('f', gzipSync(SCAN).slice(0, -12)),
      65,
      /^portsentry: \S+\/f: .+\n$/,
      0,
    ],
    ['a text file', () => file('f', 'a text, not a capture'), 65, /^portsentry: \S+\/f: .+\n$/, 0],
    ['an empty file', () => file('f', ''), 65, /^portsentry: \S+\/f: .+\n$/, 0],
    ['a missing file', () => join(folder, 'none'), 66, /^portsentry: \S+\/none: .+\n$/, 0],
    [
      'a folder without captures',
      () => folder,
      66,
      /^portsentry: \S+: the folder has no capture file .*\n$/,
      0,
    ],
    [
      'a pattern that matches nothing',
      () => join(folder, 'x*.pcap'),
      66,
      /^portsentry: \S+: no file matches\n$/,
      0,
    ],
  ])('%s', (_name, path, exit, message, known) => {
    const { status, stdout, stderr } = replay([path()]);
    expect(stderr).toMatch(message);
    expect(status).toBe(exit);
    expect(alerts(stdout).length).toBeGreaterThanOrEqual(known);
  });

  test('the message gives the offset of the truncated record', () => {
    const { stderr } = replay([file('f', SCAN.slice(0, -5))]);
    const lastRecord = SCAN.length - 16 - udp(SCANNER, 1, HOST, 9).length;
    expect(stderr).toContain(String(lastRecord));
  });

  test('link types without a decoder give one line for each file, and an error when it has no others', () => {
    const other = (...blocks: PcapngBlock[]) =>
      writePcapng([{ block: 'section' }, { block: 'interface', linkType: 127 }, ...blocks]);
    const frame = { block: 'enhanced', data: tcp(111) } as const;
    const alone = file('alone', other(frame, frame));
    expect(replay([alone])).toMatchObject({
      status: 65,
      stderr: `portsentry: ${alone}: link type IEEE802_11_RADIOTAP is not decoded: 2 of 2 frames left out\n`,
    });
    const among = file('among', other({ block: 'interface' }, frame, { ...frame, interface: 1 }));
    const { status, stdout, stderr } = replay([among]);
    expect([status, ports(stdout)]).toEqual([0, [111]]);
    expect(stderr).toBe(
      `portsentry: ${among}: link type IEEE802_11_RADIOTAP is not decoded: 1 of 2 frames left out\n`,
    );
    expect(replay([alone, among]).status).toBe(65);
  });

  test('a broken file does not stop the others, and the worst exit code wins', () => {
    const { status, stdout, stderr } = replay([join(folder, 'none'), file('a', 'x'), file('b', SCAN)]);
    expect(alerts(stdout)).toEqual(SCAN_LINES);
    expect([status, lines(stderr).length]).toEqual([66, 2]);
  });

  test.each<[string[], number, RegExp]>([
    [['--home', 'x', 'f'], 64, /^portsentry: --home: /],
    [['--open', 'x', 'f'], 64, /^portsentry: --open: /],
    [['--mode', 'tcp,stcp', 'f'], 64, /^portsentry: --mode tcp,stcp: /],
    [['-c', '/nonexistent', 'f'], 66, /^portsentry: \/nonexistent: no such file/],
  ])('%o', (args, exit, message) => {
    const { status, stdout, stderr } = portsentry(['replay', ...args]);
    expect([status, stdout]).toEqual([exit, '']);
    expect(stderr).toMatch(message);
    expect(lines(stderr)).toHaveLength(1);
  });

  test('a configuration with an error gives 78 and the position', () => {
    configuration = file('c', 'SCAN_TRIGGER="x"\n');
    const { status, stderr } = replay([file('f', SCAN)]);
    expect(status).toBe(78);
    expect(stderr).toMatch(/^portsentry: \S+\/c:1:15: error: SCAN_TRIGGER: /);
  });
});
