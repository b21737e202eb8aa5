import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { BATCH_CAPACITY, MAX_FRAME_BYTES } from '../../../src/capture/source.ts';
import { type ByteOrder, join, type PcapOptions, writePcap } from '../../support/capture-writer.ts';
import { parseByPcapParser } from '../../support/pcap-parser.ts';
import { hexOf, PieceInput, readBytes, readInput } from '../../support/read-capture.ts';

const FRAMES = [
  { data: Uint8Array.of(1, 2, 3), seconds: 1_795_354_417, fraction: 123_456, wireLength: 60 },
  { data: new Uint8Array(0), seconds: 1_795_354_418, fraction: 0 },
  { data: new Uint8Array(1514).fill(7), seconds: 4_294_967_295, fraction: 999_999 },
];
const HEADER_LENGTH = 24;

describe('a classic capture file', () => {
  const magics: [NonNullable<PcapOptions['magic']>, ByteOrder, number][] = [
    ['microseconds', 'little', 1e3],
    ['microseconds', 'big', 1e3],
    ['nanoseconds', 'little', 1e6],
    ['nanoseconds', 'big', 1e6],
    ['modified', 'little', 1e3],
    ['modified', 'big', 1e3],
  ];
  test.each(magics)('with %s in %s-endian order', async (magic, order, unitsPerMillisecond) => {
    const { frames, end } = await readBytes(writePcap({ magic, order, linkType: 113, frames: FRAMES }));
    expect(end).toEqual({ status: 'complete' });
    expect(hexOf(frames)).toEqual(hexOf(FRAMES));
    expect(frames.map(({ wireLength }) => wireLength)).toEqual([60, 0, 1514]);
    expect(frames.map(({ linkType }) => linkType)).toEqual([113, 113, 113]);
    for (const [index, { seconds, fraction }] of FRAMES.entries()) {
      expect(frames[index]?.time).toBeCloseTo(seconds * 1000 + fraction / unitsPerMillisecond, 3);
    }
  });

  test('without a frame is complete', async () => {
    expect(await readBytes(writePcap({ frames: [] }))).toEqual({ frames: [], end: { status: 'complete' } });
  });

  test('yields microseconds as the nearest double', async () => {
    const { frames } = await readBytes(writePcap({ frames: FRAMES.slice(0, 1) }));
    expect(frames[0]?.time).toBe(1_795_354_417_123.456);
  });

  const linkTypes: [field: number, linkType: number][] = [
    [1, 1],
    [0x5400_0001, 1],
    [276, 276],
    [12, 101],
    [14, 101],
    [65_535, 65_535],
  ];
  test.each(linkTypes)('with the link type field 0x%x has link type %i', async (field, linkType) => {
    const { frames } = await readBytes(writePcap({ linkType: field, frames: FRAMES.slice(0, 1) }));
    expect(frames[0]?.linkType).toBe(linkType);
  });

  test('with a frame longer than its snap length yields the whole frame', async () => {
    const { frames } = await readBytes(writePcap({ snapLength: 10, frames: FRAMES }));
    expect(frames[2]?.data).toHaveLength(1514);
  });

  test('with frames of the maximum length yields them', async () => {
    const data = new Uint8Array(MAX_FRAME_BYTES).fill(1);
    const { frames, end } = await readBytes(writePcap({ frames: [{ data }, { data }] }));
    expect(frames.map((frame) => frame.data.length)).toEqual([MAX_FRAME_BYTES, MAX_FRAME_BYTES]);
    expect(end).toEqual({ status: 'complete' });
  });

  test('with more frames than a batch holds yields all in order', async () => {
    const count = 3 * BATCH_CAPACITY + 1;
    const numbered = Array.from({ length: count }, (_, index) => ({
      data: new Uint8Array(0),
      wireLength: index,
    }));
    const { frames } = await readBytes(writePcap({ frames: numbered }));
    expect(frames.map(({ wireLength }) => wireLength)).toEqual(numbered.map(({ wireLength }) => wireLength));
  });
});

describe('a file that is not a capture', () => {
  const refused: [string, Uint8Array, string][] = [
    ['an empty file', new Uint8Array(0), 'a file of 0 bytes holds no capture'],
    ['three octets of a magic number', Uint8Array.of(0xd4, 0xc3, 0xb2), 'a file of 3 bytes holds no capture'],
    ['text', Buffer.from('TCP_PORTS="1,11"\n'), 'neither pcap nor pcapng'],
    [
      'a future version',
      writePcap({ version: [3, 0], frames: FRAMES }),
      'pcap version 3.0 is not supported, only 2.4 is',
    ],
  ];
  test.each(refused)('%s is refused', async (_, bytes, reason) => {
    expect(await readBytes(bytes)).toEqual({ frames: [], end: { status: 'no-capture', reason } });
  });
});

/** The header of a record whose captured length is `length`, without its frame. */
function recordHeader(length: number): Uint8Array {
  const header = new Uint8Array(16);
  new DataView(header.buffer).setUint32(8, length, true);
  return header;
}

describe('faults of pcap-parser do not occur', () => {
  const whole = writePcap({ frames: FRAMES });
  const faults: [string, Uint8Array, string][] = [
    [
      'a record length of 0xffffffff is an error',
      join(whole, recordHeader(0xffff_ffff), whole),
      `record claims a frame of 4294967295 bytes, more than the limit of ${MAX_FRAME_BYTES}`,
    ],
    [
      'a record of 60 MB is an error',
      join(whole, recordHeader(60_000_000), new Uint8Array(60_000_000)),
      `record claims a frame of 60000000 bytes, more than the limit of ${MAX_FRAME_BYTES}`,
    ],
    [
      'a file that is cut inside a frame is broken',
      join(whole, recordHeader(60), new Uint8Array(59)),
      'record is cut off, 75 of at least 76 bytes are there',
    ],
    [
      'a file that is cut inside a record header is broken',
      join(whole, recordHeader(60).subarray(0, 15)),
      'record is cut off, 15 of at least 16 bytes are there',
    ],
  ];
  test.each(faults)('%s', async (_, bytes, reason) => {
    const input = new PieceInput(bytes);
    const { frames, end } = await readInput(input);
    // To read all of the longest takes over 200.
    expect(input.reads).toBeLessThan(10);
    expect(frames).toHaveLength(FRAMES.length);
    expect(end).toEqual({
      status: 'broken',
      offset: whole.length,
      reason: `at byte ${whole.length}: ${reason}`,
    });
  });

  test('a file that is cut inside its header is broken at its start', async () => {
    const { end } = await readBytes(whole.subarray(0, HEADER_LENGTH - 1));
    const reason = 'at byte 0: file header is cut off, 23 of at least 24 bytes are there';
    expect(end).toEqual({ status: 'broken', offset: 0, reason });
  });
});

describe('pcap-parser', () => {
  test.each(['little', 'big'] as const)('agrees frame by frame in %s-endian order', async (order) => {
    const many = Array.from({ length: 5000 }, (_, index) => ({
      data: new Uint8Array((index * 37) % 1600).fill(index),
      seconds: 1_700_000_000 + index * 1000,
      fraction: (index * 7919) % 1_000_000,
      wireLength: 1600 + index,
    }));
    const bytes = writePcap({ order, frames: many });
    const theirs = await parseByPcapParser(Readable.from([Buffer.from(bytes)]));
    const ours = await readBytes(bytes, [1000]);
    expect(ours.frames).toHaveLength(theirs.length);
    for (const [index, { header, data }] of theirs.entries()) {
      const frame = ours.frames[index];
      expect(Buffer.compare(frame?.data ?? Buffer.of(), data)).toBe(0);
      expect(frame?.wireLength).toBe(header.originalLength);
      expect(frame?.time).toBe((header.timestampSeconds * 1e6 + header.timestampMicroseconds) / 1e3);
    }
  });
});
