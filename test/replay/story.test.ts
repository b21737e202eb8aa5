/** The story of a capture: its golden texts, and each of its sentences and figures beside tshark's counts. */

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM } from '../support/detector.ts';

const CAPTURE = 'fixtures/captures/story.pcap';
const HOME = '10.99.0.2';
const OPTIONS = ['--configfile', 'fixtures/conf/replay.conf', '--home', `${HOME},fd99::2,127.0.0.1`];

function replay(...args: string[]): { stdout: string; stderr: string } {
  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'replay', ...OPTIONS, ...args, CAPTURE], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, TZ: 'UTC' },
  });
  return { stdout, stderr };
}

const golden = (name: string) => readFileSync(`fixtures/story/${name}`, 'utf8');

describe('golden texts (`fixtures/make/golden` renews them)', () => {
  test('the lines', () => {
    expect(replay('--no-summary')).toEqual({ stdout: golden('text.txt'), stderr: '' });
  });

  test('the summary', () => {
    const { stderr } = replay('--format', 'none');
    expect(stderr.replace(/^(time|packets per second) .*\n/gm, '')).toBe(golden('summary.txt'));
  });

  test('the summary as JSON', () => {
    const summary = replay('--format', 'none', '--summary=json');
    expect(summary).toEqual({ stdout: golden('summary.json'), stderr: '' });
  });
});

/** A packet as tshark sees it. */
interface Seen {
  readonly frame: number;
  /** Microseconds since the epoch. */
  readonly time: number;
  readonly source: string;
  readonly target: string;
  readonly what: 'SYN' | 'SYN ACK' | 'UDP' | 'ARP question' | 'other';
  readonly sourcePort: number;
  readonly port: number;
}

const FIELDS = [
  'frame.number',
  'frame.time_epoch',
  'ip.src',
  'ip.dst',
  'arp.src.proto_ipv4',
  'arp.dst.proto_ipv4',
  'arp.opcode',
  'tcp.flags',
  'tcp.srcport',
  'tcp.dstport',
  'udp.srcport',
  'udp.dstport',
  'icmp.type',
];

let seen: Seen[];
beforeAll(() => {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const text = execFileSync(
    'tshark',
    ['-n', '-r', CAPTURE, '-T', 'fields', '-E', 'occurrence=f', ...fields],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  );
  seen = text.split('\n').slice(0, -1).map(parse);
});

function parse(line: string): Seen {
  const [frame, time, ipSource, ipTarget, arpSource, arpTarget, opcode, flags, ...ports] = line.split('\t');
  const [tcpSource, tcpPort, udpSource, udpPort, icmp] = ports;
  let what: Seen['what'] = 'other';
  if (opcode === '1') what = 'ARP question';
  // An ICMP error holds the packet that it is about.
  else if (icmp === '' && udpPort !== '') what = 'UDP';
  else if (Number(flags) === 0x02) what = 'SYN';
  else if (Number(flags) === 0x12) what = 'SYN ACK';
  return {
    frame: Number(frame),
    time: Math.round(Number(time) * 1e6),
    source: ipSource || arpSource || '',
    target: ipTarget || arpTarget || '',
    what,
    sourcePort: Number(tcpSource || udpSource),
    port: Number(tcpPort || udpPort),
  };
}

/** The packets of this kind from a source to the victim. */
function sent(source: string, what: Seen['what']): Seen[] {
  return seen.filter((packet) => packet.source === source && packet.what === what && packet.target === HOME);
}

/** The ports of the victim that answered the source, in order. */
function answered(source: string, what: Seen['what']): number[] {
  const answers = seen.filter((packet) => {
    return packet.source === HOME && packet.target === source && packet.what === what;
  });
  return [...new Set(answers.map(({ sourcePort }) => sourcePort))].sort((a, b) => a - b);
}

/** Ports as the text has them: `1-21,23`. */
function ranges(ports: readonly number[]): string {
  const sorted = [...new Set(ports)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++;
    parts.push(end === at ? `${sorted[at]}` : `${sorted[at]}-${sorted[end]}`);
    at = end + 1;
  }
  return parts.join(',');
}

const second = (time: number) =>
  new Date(Math.floor(time / 1e3)).toISOString().slice(0, 19).replace('T', ' ');

/** The duration of packets as the text has it. */
function span(packets: readonly Seen[]): string {
  const ms = ((packets.at(-1)?.time ?? 0) - (packets[0]?.time ?? 0)) / 1_000;
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** The closing line that names `who`, without its time. */
function closing(who: string): string | undefined {
  const lines = golden('text.txt').split('\n');
  return lines.find((line) => line.includes(`Scan by ${who} ended`))?.replace(/^.*?(?=Scan by)/, '');
}

describe('each sentence of the story is what tshark counts', () => {
  test.each([
    ['10.99.0.1', 'SYN', 'SYN ACK', ', nmap-like', 'TCP'],
    ['10.99.0.11', 'SYN', 'SYN ACK', ', masscan-like', 'TCP'],
    ['10.99.0.12', 'UDP', 'UDP', '', 'UDP'],
  ] as const)('the scan by %s', (source, what, answer, tool, protocol) => {
    const all = sent(source, what);
    const found = answered(source, answer);
    const probes = all.filter(({ port }) => !found.includes(port));
    const ports = new Set(probes.map(({ port }) => port)).size;
    const tried = new Set(all.map(({ port }) => port)).size;
    expect(found.length).toBeGreaterThan(0);
    const names = found.map((port) => (protocol === 'UDP' ? `UDP ${port}` : port)).join(', ');
    expect(closing(source)).toBe(
      `Scan by ${source} ended: ${probes.length} probes to ${ports} ports in ${span(probes)} (${what})${tool}, ` +
        `vertical; began ${second(probes[0]?.time ?? 0)}; target ${HOME}; ` +
        `ports ${protocol} ${ranges(probes.map(({ port }) => port))}; ` +
        `${found.length} of ${tried} ports answered: ${names} of ${HOME}`,
    );
  });

  test('the flood', () => {
    const flood = seen.filter(
      ({ what, port, target }) => what === 'SYN' && port === 8_080 && target === HOME,
    );
    const sources = new Set(flood.map(({ source }) => source)).size;
    expect(closing(`${sources} sources`)).toBe(
      `Scan by ${sources} sources ended: ${flood.length} probes to 1 port in ${span(flood)} (SYN), hping3-like, ` +
        `flood; began ${second(flood[0]?.time ?? 0)}; target ${HOME}; ports TCP 8080`,
    );
  });

  test('the ARP sweep, whose first 16 questions may be honest', () => {
    // A question for the own address announces it (RFC 5227).
    const questions = seen.filter(({ source, target, what }) => {
      return source === '10.99.0.13' && what === 'ARP question' && target !== source;
    });
    const counted = questions.slice(questions.findIndex((_, at) => targetsUpTo(questions, at) === 17));
    const names = [...new Set(counted.map(({ target }) => target))];
    const text = closing('10.99.0.13');
    expect(text).toContain(
      `ended: ${counted.length} probes to ${names.length} addresses in ${span(counted)} (ARP), arp sweep; `,
    );
    expect(text).toContain(`; began ${second(counted[0]?.time ?? 0)}; targets `);
    const named = /targets (.*) and (\d+) more$/.exec(text ?? '');
    for (const name of (named?.[1] ?? '').split(' ')) expect(names).toContain(name);
    expect(Number(named?.[2]) + 4).toBe(names.length);
  });

  test('the traceroute', () => {
    const probes = sent('10.99.0.14', 'UDP');
    expect(closing('10.99.0.14')).toBe(
      `Scan by 10.99.0.14 ended: ${probes.length} probes to ${probes.length} ports in ${span(probes)} (UDP), traceroute; ` +
        `began ${second(probes[0]?.time ?? 0)}; target ${HOME}; ports UDP ${ranges(probes.map(({ port }) => port))}`,
    );
  });

  test('nothing is said of honest hosts', () => {
    expect(sent('10.99.0.20', 'SYN').length).toBeGreaterThan(1);
    expect(golden('text.txt')).not.toContain('10.99.0.20');
  });
});

test('the frames of events are those in which tshark sees the packets', () => {
  const events = readFileSync('fixtures/golden/story.pcap.json', 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const probes = events.filter(({ event }) => event.action === 'probe');
  expect(probes.length).toBe(JSON.parse(golden('summary.json')).probes);
  for (const { portsentry, source, destination, log } of probes) {
    const packet = seen[portsentry.frame - 1];
    expect(log.file.path).toBe(CAPTURE);
    expect([packet?.frame, packet?.source, packet?.target]).toEqual([
      portsentry.frame,
      source.ip,
      destination.ip,
    ]);
    if (destination.port !== undefined) expect(packet?.port).toBe(destination.port);
  }
  for (const { event, portsentry, source } of events) {
    if (event.action !== 'scan' || portsentry.scan.sources > 1) continue;
    const own = probes
      .filter((probe) => probe.source.ip === source.ip)
      .map((probe) => probe.portsentry.frame);
    expect([portsentry.frame, portsentry.last_frame]).toEqual([own[0], own.at(-1)]);
  }
});

test("the summary's tables are what tshark counts", () => {
  const summary = JSON.parse(golden('summary.json'));
  const events = readFileSync('fixtures/golden/story.pcap.json', 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const frames = events
    .filter(({ event }) => event.action === 'probe')
    .map(({ portsentry }) => portsentry.frame);
  const packets = frames.map((frame) => seen[frame - 1] as Seen);
  expect(summary.sources.count).toBe(new Set(packets.map(({ source }) => source)).size);
  expect(summary.targets.count).toBe(new Set(packets.map(({ target }) => target)).size);
  for (const { transport, port, probes } of summary.top_ports) {
    const what = transport === 'udp' ? 'UDP' : 'SYN';
    expect(packets.filter((packet) => packet.what === what && packet.port === port)).toHaveLength(probes);
  }
  for (const { source, sources, probes, shape } of summary.top_sources) {
    const own =
      shape === 'flood'
        ? packets.filter(({ port }) => port === 8_080)
        : packets.filter((packet) => packet.source === source);
    expect([probes, sources]).toEqual([own.length, new Set(own.map((packet) => packet.source)).size]);
  }
});

/** The different targets of the packets up to number `at`. */
function targetsUpTo(packets: readonly Seen[], at: number): number {
  return new Set(packets.slice(0, at + 1).map(({ target }) => target)).size;
}
