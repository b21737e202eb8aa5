/** Compares the reader with programs that write and read captures: tcpdump, editcap, mergecap, tshark. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { join, type PcapngBlock, writePcap, writePcapng } from '../../support/capture-writer.ts';
import { hexOf, type ReadFrame, readBytes } from '../../support/read-capture.ts';

/** A SYN from 10.0.0.1 to 10.0.0.2 with its own sequence number. */
function syn(number: number): Uint8Array {
  const ethernet = '0200000000020200000000010800';
  const ipv4 = '4500002800000000400600000a0000010a000002';
  const tcp = `a1560050${number.toString(16).padStart(8, '0')}000000005002ffff00000000`;
  return Uint8Array.from(Buffer.from(ethernet + ipv4 + tcp, 'hex'));
}

const FRAMES = Array.from({ length: 50 }, (_, index) => ({
  data: syn(index).subarray(0, index % 3 === 0 ? 40 : 54),
  wireLength: 54,
  seconds: 1_795_354_417 + index,
  fraction: (index * 123_456_789) % 1_000_000_000,
}));

let folder: string;
const at = (name: string) => joinPath(folder, name);
const run = (program: string, ...options: string[]) => {
  return execFileSync(program, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
};

beforeAll(() => {
  folder = mkdtempSync(joinPath(tmpdir(), 'portsentry-test-'));
  writeFileSync(at('nano.pcap'), writePcap({ magic: 'nanoseconds', frames: FRAMES }));
  const raw = FRAMES.map(({ data, ...rest }) => ({ ...rest, data: data.subarray(14), wireLength: 40 }));
  writeFileSync(at('raw.pcap'), writePcap({ magic: 'nanoseconds', linkType: 101, frames: raw }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The link types by the numbers of tshark (WTAP_ENCAP). */
const TSHARK_LINK_TYPES = new Map([
  ['1', 1],
  ['7', 101],
]);

/** What tshark reports for each frame. */
function tshark(path: string): Omit<ReadFrame, 'data'>[] {
  const fields = ['frame.time_epoch', 'frame.cap_len', 'frame.len', 'frame.encap_type'];
  const table = run('tshark', '-r', path, '-n', '-T', 'fields', ...fields.flatMap((field) => ['-e', field]));
  return table
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [time = '', capturedLength, wireLength, encapsulation = ''] = line.split('\t');
      return {
        time: Number(time) * 1000,
        capturedLength: Number(capturedLength),
        wireLength: Number(wireLength),
        linkType: TSHARK_LINK_TYPES.get(encapsulation) ?? Number.NaN,
      };
    });
}

async function expectAgreement(path: string): Promise<readonly ReadFrame[]> {
  const { frames, end } = await readBytes(readFileSync(path));
  expect(end).toEqual({ status: 'complete' });
  const theirs = tshark(path);
  expect(frames).toHaveLength(theirs.length);
  for (const [index, { data, time, ...rest }] of frames.entries()) {
    const { time: theirTime, ...theirRest } = theirs[index] as Omit<ReadFrame, 'data'>;
    expect({ ...rest, capturedLength: data.length }).toEqual(theirRest);
    expect(time).toBeCloseTo(theirTime, 3);
  }
  return frames;
}

describe('tshark agrees, and the frames are the same, when they are rewritten as', () => {
  const rewritten: [name: string, program: string, options: (from: string, to: string) => string[]][] = [
    ['microseconds by editcap', 'editcap', (from, to) => ['-F', 'pcap', from, to]],
    ['nanoseconds by editcap', 'editcap', (from, to) => ['-F', 'nsecpcap', from, to]],
    ['modified pcap by editcap', 'editcap', (from, to) => ['-F', 'modpcap', from, to]],
    ['pcapng by editcap', 'editcap', (from, to) => ['-F', 'pcapng', from, to]],
    ['microseconds by tcpdump', 'tcpdump', (from, to) => ['-Z', 'root', '-r', from, '-w', to]],
    [
      'nanoseconds by tcpdump',
      'tcpdump',
      (from, to) => ['-Z', 'root', '-r', from, '-w', to, '--time-stamp-precision=nano'],
    ],
  ];
  test.each(rewritten)('%s', async (_, program, options) => {
    run(program, ...options(at('nano.pcap'), at('made')));
    expect(hexOf(await expectAgreement(at('made')))).toEqual(hexOf(FRAMES));
  });
});

describe('tshark agrees on', () => {
  test('two interfaces in one pcapng file by mergecap', async () => {
    run('mergecap', '-F', 'pcapng', '-w', at('made'), at('nano.pcap'), at('raw.pcap'));
    const frames = await expectAgreement(at('made'));
    expect(new Set(frames.map(({ linkType }) => linkType))).toEqual(new Set([1, 101]));
  });

  test('two concatenated pcapng files', async () => {
    run('editcap', '-F', 'pcapng', at('nano.pcap'), at('one'));
    run('editcap', '-F', 'pcapng', at('raw.pcap'), at('two'));
    writeFileSync(at('made'), join(readFileSync(at('one')), readFileSync(at('two'))));
    expect(await expectAgreement(at('made'))).toHaveLength(2 * FRAMES.length);
  });

  test('a big-endian pcapng file of our writer, with all resolutions and an offset', async () => {
    writeFileSync(at('made'), writePcapng(oddSection()));
    expect(await expectAgreement(at('made'))).toHaveLength(14);
  });
});

function oddSection(): PcapngBlock[] {
  const resolutions = [0, 3, 6, 9, 0x81, 0x8a, 0x94];
  const perSecond = [1n, 1_000n, 1_000_000n, 1_000_000_000n, 2n, 1024n, 1_048_576n];
  return [
    { block: 'section', order: 'big' },
    ...resolutions.map((resolution) => ({ block: 'interface', resolution, timeOffset: 3600n }) as const),
    ...perSecond.flatMap((units, index) =>
      (['enhanced', 'obsolete'] as const).map((block) => ({
        block,
        interface: index,
        data: syn(index),
        timestamp: 1_795_354_417n * units + units / 2n,
      })),
    ),
  ];
}

test('tcpdump prints the same times', async () => {
  const lines = run(
    'tcpdump',
    '-Z',
    'root',
    '-r',
    at('nano.pcap'),
    '-tt',
    '-n',
    '--time-stamp-precision=nano',
  )
    .trimEnd()
    .split('\n');
  const { frames } = await readBytes(readFileSync(at('nano.pcap')));
  expect(frames).toHaveLength(lines.length);
  for (const [index, line] of lines.entries()) {
    expect(frames[index]?.time).toBeCloseTo(Number(line.split(' ')[0]) * 1000, 3);
  }
});
