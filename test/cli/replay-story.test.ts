import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { writePcap, writePcapng } from '../support/capture-writer.ts';
import { PROGRAM } from '../support/detector.ts';
import { ACK, ethernet, SYN, tcpPacket, udpPacket } from '../support/frames.ts';

/** 13:33:37 UTC on 22 November 2026. */
const SECONDS = 1_795_354_417;
const DAY_SECONDS = 86_400;
const SCANNER = '10.99.0.1';
const HOST = '10.99.0.2';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-story-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  file('conf', 'SCAN_TRIGGER="0"\nIGNORE_FILE="/dev/null"\n');
});

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

interface RunOptions {
  /** Words before the program, such as those that limit it. */
  readonly before?: readonly string[];
  readonly cwd?: string;
}

/** Runs `portsentry replay` in the folder. */
function replay(args: readonly string[], { before = [], cwd = folder }: RunOptions = {}) {
  const [program = '', ...words] = [
    ...before,
    process.execPath,
    PROGRAM,
    'replay',
    '-c',
    join(folder, 'conf'),
    ...args,
  ];
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  });
  return { status, stdout, stderr, lines: stdout.split('\n').slice(0, -1) };
}

/** Runs it on a terminal, on which standard output and standard error are one. */
function replayOnTerminal(args: readonly string[]): string {
  const command = [process.execPath, PROGRAM, 'replay', '-c', 'conf', ...args].join(' ');
  return spawnSync('script', ['-qec', command, '/dev/null'], { cwd: folder, encoding: 'utf8' }).stdout;
}

const syn = (destinationPort: number, fields = {}) =>
  ethernet(tcpPacket({ source: SCANNER, destination: HOST, destinationPort, flags: SYN, ...fields }));
const synAck = (sourcePort: number) =>
  ethernet(
    tcpPacket({ source: HOST, sourcePort, destination: SCANNER, destinationPort: 40_000, flags: SYN | ACK }),
  );

/** One frame at each of these times, in seconds after SECONDS and thousandths. */
function capture(...frames: readonly (readonly [data: Uint8Array, at: number])[]): Uint8Array {
  return writePcap({
    frames: frames.map(([data, at]) => ({
      data,
      seconds: SECONDS + Math.floor(at),
      fraction: Math.round((at % 1) * 1e6),
    })),
  });
}

const LINE = `attackalert: TCP SYN/Normal scan from host: ${SCANNER}/${SCANNER} to TCP port:`;

describe('lines of text', () => {
  test('begin with the time of their packet, and with the date where that changes', () => {
    file('a.pcap', capture([syn(1), 0.25], [syn(2), 1], [syn(3), DAY_SECONDS]));
    const { lines } = replay(['--no-summary', 'a.pcap']);
    expect(lines.filter((line) => line.includes(' scan from '))).toEqual([
      `2026-11-22 13:33:37.250 ${LINE} 1`,
      `13:33:38.000 ${LINE} 2`,
      `2026-11-23 13:33:37.000 ${LINE} 3`,
    ]);
    expect(lines.at(-1)).toMatch(/^13:33:37\.000 attackalert: Scan by 10\.99\.0\.1 ended: /);
    expect(replay(['--no-summary', '--no-time', 'a.pcap']).lines).toContain(`${LINE} 1`);
  });

  test('name the file where there are several, whatever is in its name', () => {
    file('a.pcap', capture([syn(1), 0]));
    file('b\nadminalert: x.pcap', capture([syn(2), 1]));
    const { lines } = replay(['--no-summary', 'a.pcap', 'b\nadminalert: x.pcap']);
    expect(lines.filter((line) => line.includes(' scan from '))).toEqual([
      `2026-11-22 13:33:37.000 a.pcap: ${LINE} 1`,
      `13:33:38.000 b?adminalert: x.pcap: ${LINE} 2`,
    ]);
    expect(lines.at(-1)).toContain(' b?adminalert: x.pcap: attackalert: Scan by ');
    expect(replay(['--no-summary', '--no-time', 'a.pcap', 'b*']).stdout).not.toContain('.pcap');
  });

  test('end with what the scanner found, also when the answer is in another file', () => {
    file('a.pcap', capture([syn(21), 0], [syn(22), 0.1], [syn(23), 0.2]));
    file('b.pcap', capture([synAck(22), 0.3]));
    expect(replay(['--no-summary', '--no-time', '[ab].pcap']).lines.at(-1)).toBe(
      `attackalert: Scan by ${SCANNER} ended: 2 probes to 2 ports in 200 ms (SYN), vertical; began 2026-11-22 13:33:37; ` +
        `target ${HOST}; ports TCP 21,23; 1 of 3 ports answered: 22 of ${HOST}`,
    );
  });
});

test('events have the file, the frame and the comment of the capture', () => {
  file('a.pcap', capture([synAck(9), 0], [syn(1), 0], [synAck(9), 0], [syn(2), 1]));
  const comment = Buffer.from('\x01\0\x0b\0an "ids" 1\n\0\0\0\0\0', 'latin1');
  const section = { block: 'raw', type: 0x0a0d0d0a } as const;
  const body = Buffer.concat([Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex'), comment]);
  const frame = { block: 'enhanced', data: syn(3), timestamp: BigInt(SECONDS + 2) * 1_000_000n } as const;
  file('b.pcapng', writePcapng([{ ...section, body }, { block: 'interface' }, frame]));
  const { lines } = replay(['--format', 'json', '--summary=json', 'a.pcap', 'b.pcapng']);
  const events = lines.map((line) => JSON.parse(line));
  const summary = events.pop();
  expect(events.map(({ log, portsentry }) => [log.file.path, portsentry.frame, portsentry.comment])).toEqual([
    ['a.pcap', 2, undefined],
    ['a.pcap', 4, undefined],
    ['b.pcapng', 1, 'an "ids" 1\n'],
    ['a.pcap', 2, undefined],
  ]);
  expect(events[3].portsentry).toMatchObject({ last_frame: 1, last_file: 'b.pcapng' });
  expect(summary).toMatchObject({ files: 2, comments: ['an "ids" 1\n'], packets: 5, probes: 3 });
});

describe('what narrows a replay', () => {
  const given = () =>
    file(
      'a.pcap',
      capture(
        [syn(21), 0],
        [syn(22), 1],
        [syn(22, { source: '10.99.0.7' }), 2],
        [ethernet(udpPacket({ source: SCANNER, destination: HOST, sourcePort: 9, destinationPort: 22 })), 3],
        [synAck(21), 4],
        [syn(25), 5],
      ),
    );

  test.each([
    [[], ['10.99.0.1 22', '10.99.0.7 22', '10.99.0.1 22', '10.99.0.1 25']],
    [['--source', '10.99.0.7'], ['10.99.0.7 22']],
    [
      ['--port', 'tcp/22'],
      ['10.99.0.1 22', '10.99.0.7 22'],
    ],
    [
      ['--since', '2026-11-22 13:33:39'],
      ['10.99.0.7 22', '10.99.0.1 22', '10.99.0.1 25'],
    ],
    [['--until', '2026-11-22T13:33:39Z', '--port', '20-30'], ['10.99.0.1 22']],
  ])('%j: what remains is judged with what all packets show', (options, expected) => {
    given();
    for (const more of [[], ['--no-infer-open', '--open', 'tcp/21']]) {
      const { lines } = replay(['--no-summary', '--format', 'json', ...options, ...more, 'a.pcap']);
      const probes = lines.map((line) => JSON.parse(line)).filter(({ event }) => event.action === 'probe');
      expect(probes.map(({ source, destination }) => `${source.ip} ${destination.port}`)).toEqual(expected);
    }
  });
});

test('-L counts packets with the same source and destination', () => {
  file('a.pcap', capture([syn(1, { source: HOST }), 0]));
  expect(replay(['--no-summary', 'a.pcap']).stdout).toBe('');
  expect(replay(['--no-summary', '-L', 'a.pcap']).stdout).toContain(
    `from host: ${HOST}/${HOST} to TCP port: 1`,
  );
});

describe('the summary', () => {
  test('names as many sources and ports as --top says', () => {
    const frames = Array.from(
      { length: 12 },
      (_, at) => [syn(1 + at, { source: `10.0.0.${1 + at}` }), at] as const,
    );
    file('a.pcap', capture(...frames));
    for (const [options, count] of [
      [[], 10],
      [['--top', '3'], 3],
      [['--top', '0'], 0],
    ] as const) {
      const { lines } = replay(['--format', 'none', '--summary=json', ...options, 'a.pcap']);
      const { top_sources, top_ports } = JSON.parse(lines[0] as string);
      expect([top_sources.length, top_ports.length]).toEqual([count, count]);
    }
    expect(replay(['--format', 'none', '--top', '0', 'a.pcap']).stderr).not.toMatch(/Top|Most/);
  });

  test('says what to do when only ports that are not watched were probed', () => {
    file('a.pcap', capture([syn(50_000), 0]));
    const { stderr } = replay(['--format', 'none', 'a.pcap']);
    expect(stderr).toMatch(/TCP ports that atcp does not watch +1\n/);
    expect(stderr).toContain('Only ports that atcp and audp do not watch were probed. ');
  });

  test('says that many sources of one probe each are probably forged', () => {
    const frames = Array.from({ length: 1_200 }, (_, at) => {
      const fields = {
        source: `10.${at % 7}.${at >> 8}.${at & 255}`,
        sourcePort: 1_024 + ((at * 7_919) % 60_000),
      };
      return [syn(1 + ((at * 31) % 100), { ...fields, sequence: at * 65_537 }), at] as const;
    });
    file('a.pcap', capture(...frames));
    expect(replay(['--format', 'none', 'a.pcap']).stderr).toContain('1200 sources sent one probe each: ');
  });

  test('has a plot on a terminal alone', () => {
    file('a.pcap', capture([syn(1), 0], [syn(1_000), 10]));
    expect(replay(['--format', 'none', 'a.pcap']).stderr).not.toMatch(/Ports by time/);
    const shown = replayOnTerminal(['--format', 'none', 'a.pcap']);
    expect(shown).toMatch(/Ports by time\r\n65535 ┤/);
    expect(shown).toMatch(/[\u2801-\u28ff]/);
  });
});

test('a folder of 10,000 files is read with few descriptors', () => {
  mkdirSync(join(folder, 'many'));
  const first = file('many/x.pcap', capture([syn(1), 0], [syn(2), 1]));
  for (let number = 1; number < 10_000; number++) linkSync(first, `${first}${number}`);
  // Node itself has about 30 open, and opens the files of a bundled command at the same time.
  const limits = ['prlimit', '--nofile=128', '--'];
  const { status, lines, stderr } = replay(['--format', 'none', '--summary=json', 'many'], {
    before: limits,
  });
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(lines[0] as string)).toMatchObject({ files: 10_000, packets: 20_000, probes: 20_000 });
});
