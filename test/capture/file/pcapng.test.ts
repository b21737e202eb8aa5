import { describe, expect, test } from 'vitest';
import { MAX_BLOCK_BYTES, MAX_INTERFACES } from '../../../src/capture/file/pcapng.ts';
import { LATEST_TIME_MS, MAX_FRAME_BYTES } from '../../../src/capture/source.ts';
import { type ByteOrder, join, type PcapngBlock, writePcapng } from '../../support/capture-writer.ts';
import { PieceInput, readBytes, readInput } from '../../support/read-capture.ts';

const SECTION: PcapngBlock = { block: 'section' };
const INTERFACE: PcapngBlock = { block: 'interface' };
const DATA = Uint8Array.of(1, 2, 3, 4, 5);
const PACKET: PcapngBlock = { block: 'enhanced', data: DATA };
const NO_BYTES = new Uint8Array(0);

describe('a pcapng file', () => {
  test.each(['little', 'big'] as ByteOrder[])('in %s-endian order', async (order) => {
    const bytes = writePcapng([
      { block: 'section', order },
      { block: 'interface', linkType: 113 },
      { block: 'enhanced', data: DATA, timestamp: 1_795_354_417_123_456n, wireLength: 60 },
    ]);
    const frame = { data: DATA, wireLength: 60, time: 1_795_354_417_123.456, linkType: 113 };
    expect(await readBytes(bytes)).toEqual({ frames: [frame], end: { status: 'complete' } });
  });

  test.each<[string, PcapngBlock, bigint, number]>([
    ['beyond all dates', { block: 'interface', resolution: 0 }, 2n ** 64n - 1n, LATEST_TIME_MS],
    ['before 1970', { block: 'interface', timeOffset: -(2n ** 40n) }, 1n, 0],
  ])('with time stamps %s, which become the nearest valid time', async (_, description, timestamp, time) => {
    const bytes = writePcapng([SECTION, description, { block: 'enhanced', data: DATA, timestamp }]);
    const { frames } = await readBytes(bytes);
    expect(frames.map((frame) => frame.time)).toEqual([time]);
    expect(() => new Date(time).toISOString()).not.toThrow();
  });

  test('with interfaces and a byte order of its own in each section', async () => {
    const { frames, end } = await readBytes(
      writePcapng([
        { block: 'section', order: 'big' },
        { block: 'interface', linkType: 1 },
        { block: 'interface', linkType: 101 },
        { block: 'enhanced', interface: 1, data: DATA },
        { block: 'enhanced', interface: 0, data: DATA },
        { block: 'section', order: 'little' },
        { block: 'interface', linkType: 276 },
        { block: 'enhanced', interface: 0, data: DATA },
      ]),
    );
    expect(frames.map(({ linkType }) => linkType)).toEqual([101, 1, 276]);
    expect(end).toEqual({ status: 'complete' });
  });

  const resolutions: [name: string, resolution: number | undefined, timestamp: bigint, time: number][] = [
    ['microseconds, by default', undefined, 1_795_354_417_123_456n, 1_795_354_417_123.456],
    ['seconds', 0, 1_795_354_417n, 1_795_354_417_000],
    ['hundredths', 2, 179_535_441_712n, 1_795_354_417_120],
    ['milliseconds', 3, 1_795_354_417_123n, 1_795_354_417_123],
    ['nanoseconds', 9, 1_795_354_417_123_456_789n, 1_795_354_417_123.4568],
    ['1/2 of a second', 0x81, 3_590_708_835n, 1_795_354_417_500],
    ['1/1024 of a second', 0x8a, 1_838_442_923_520n, 1_795_354_417_500],
    ['2^-32 of a second', 0xa0, (1_795_354_417n << 32n) + (1n << 31n), 1_795_354_417_500],
  ];
  test.each(resolutions)('with time stamps in %s', async (_, resolution, timestamp, time) => {
    const description: PcapngBlock = {
      block: 'interface',
      ...(resolution === undefined ? {} : { resolution }),
    };
    const { frames } = await readBytes(
      writePcapng([SECTION, description, { block: 'enhanced', data: DATA, timestamp }]),
    );
    expect(frames[0]?.time).toBeCloseTo(time, 3);
  });

  test.each([3600n, -3600n])('with time stamps relative to %i seconds', async (timeOffset) => {
    const { frames } = await readBytes(
      writePcapng([
        SECTION,
        { block: 'interface', timeOffset },
        { block: 'enhanced', data: DATA, timestamp: 10_000_000_000n },
      ]),
    );
    expect(frames[0]?.time).toBe((10_000 + Number(timeOffset)) * 1000);
  });

  test('with obsolete packet blocks, whose interface number has 16 bits', async () => {
    const { frames } = await readBytes(
      writePcapng([
        { block: 'section', order: 'big' },
        INTERFACE,
        { block: 'interface', linkType: 9 },
        { block: 'obsolete', interface: 1, data: DATA, timestamp: 1_000_000n },
      ]),
    );
    expect(frames).toEqual([{ data: DATA, wireLength: 5, time: 1000, linkType: 9 }]);
  });

  test('with simple packet blocks, which get the time of the previous frame and end at the snap length', async () => {
    const { frames } = await readBytes(
      writePcapng([
        SECTION,
        { block: 'interface', snapLength: 5 },
        { block: 'enhanced', data: DATA, timestamp: 7_000_000n },
        { block: 'simple', data: DATA, wireLength: 60 },
        { block: 'simple', data: Uint8Array.of(9) },
      ]),
    );
    expect(frames.map(({ time, wireLength }) => [time, wireLength])).toEqual([
      [7000, 5],
      [7000, 60],
      [7000, 1],
    ]);
    expect(frames[1]?.data).toEqual(DATA);
    expect(frames[2]?.data).toEqual(Uint8Array.of(9));
  });

  test('with blocks of other kinds between its packets', async () => {
    const { frames, end } = await readBytes(
      writePcapng([
        SECTION,
        INTERFACE,
        { block: 'raw', type: 0x0bad, body: new Uint8Array(8) },
        PACKET,
        { block: 'raw', type: 0x4000_0bad, body: new Uint8Array(4_000_000) },
        { block: 'raw', type: 5, body: NO_BYTES },
        { block: 'raw', type: 0xffff_ffff, body: new Uint8Array(MAX_BLOCK_BYTES - 12) },
        PACKET,
      ]),
    );
    expect(frames).toHaveLength(2);
    expect(end).toEqual({ status: 'complete' });
  });

  test('with options after the frame', async () => {
    const { frames } = await readBytes(
      writePcapng([SECTION, INTERFACE, { block: 'enhanced', data: DATA, options: new Uint8Array(64) }]),
    );
    expect(frames[0]?.data).toEqual(DATA);
  });

  test('with an unknown option of the interface, and one after the end of options', async () => {
    const comment = Uint8Array.of(1, 0, 3, 0, 97, 98, 99, 0);
    const endOfOptions = Uint8Array.of(0, 0, 0, 0);
    const seconds = Uint8Array.of(9, 0, 1, 0, 0, 0, 0, 0);
    const { frames } = await readBytes(
      writePcapng([
        SECTION,
        { block: 'interface', options: join(comment, endOfOptions, seconds) },
        { block: 'enhanced', data: DATA, timestamp: 1_000_000n },
      ]),
    );
    expect(frames[0]?.time).toBe(1000);
  });
});

describe('a broken pcapng file', () => {
  const good = [SECTION, INTERFACE, PACKET];
  const goodLength = writePcapng(good).length;
  const u32 = (value: number) => Uint8Array.from(new Uint8Array(new Uint32Array([value]).buffer));
  const faults: [string, Uint8Array, string][] = [
    ['a length of 0', join(u32(6), u32(0), u32(0)), "block length 0 is less than a block's 12 bytes"],
    ['a length of 8', join(u32(6), u32(8), u32(8)), "block length 8 is less than a block's 12 bytes"],
    ['a length of 13', join(u32(6), u32(13), u32(13)), 'block length 13 is not a multiple of 4'],
    [
      'a length of 0xffffffff',
      join(u32(6), u32(0xffff_ffff), u32(0)),
      `block length 4294967295 is more than the limit of ${MAX_BLOCK_BYTES}`,
    ],
    ['two different lengths', join(u32(99), u32(12), u32(16)), 'block length 12 is 16 where the block ends'],
    [
      'a short packet block',
      writePcapng([{ block: 'raw', type: 6, body: new Uint8Array(16) }]),
      'packet block is too short',
    ],
    [
      'a short simple packet block',
      writePcapng([{ block: 'raw', type: 3, body: NO_BYTES }]),
      'simple packet block is too short',
    ],
    [
      'a short interface description',
      writePcapng([{ block: 'raw', type: 1, body: u32(1) }]),
      'interface description is too short',
    ],
    [
      'an option that exceeds its block',
      writePcapng([{ block: 'interface', options: Uint8Array.of(1, 0, 5, 0, 0, 0, 0, 0) }]),
      'option 1 of the interface description runs over its block',
    ],
    [
      'an interface that was never described',
      writePcapng([{ block: 'enhanced', interface: 1, data: DATA }]),
      'packet of interface 1, which was never described',
    ],
    [
      'a frame that exceeds its block',
      writePcapng([{ block: 'enhanced', data: DATA, capturedLength: 9 }]),
      'packet block claims a frame of 9 bytes, more than the limit of 8',
    ],
    [
      'a simple frame that exceeds its block',
      writePcapng([{ block: 'simple', data: DATA, wireLength: 60 }]),
      'packet block claims a frame of 60 bytes, more than the limit of 8',
    ],
    [
      'a frame that is too long',
      writePcapng([{ block: 'enhanced', data: new Uint8Array(MAX_FRAME_BYTES + 1) }]),
      `packet block claims a frame of ${MAX_FRAME_BYTES + 1} bytes, more than the limit of ${MAX_FRAME_BYTES}`,
    ],
    [
      'a later section without byte-order magic',
      writePcapng([{ block: 'raw', type: 0x0a0d_0d0a, body: new Uint8Array(16) }]),
      'pcapng section header has no byte-order magic',
    ],
    [
      'a short later section',
      writePcapng([{ block: 'raw', type: 0x0a0d_0d0a, body: u32(0x1a2b_3c4d) }]),
      'pcapng section header is too short',
    ],
    [
      'a later section of a future version',
      writePcapng([{ block: 'section', version: [2, 0] }]),
      'pcapng version 2.0 is not supported, only 1.0 is',
    ],
    [
      'a cut block',
      writePcapng([PACKET]).subarray(0, -1),
      'block is cut off, 39 of at least 40 bytes are there',
    ],
  ];
  test.each(faults)('with %s ends there', async (_, bad, what) => {
    const input = new PieceInput(join(writePcapng(good), bad));
    const { frames, end } = await readInput(input);
    expect(input.reads).toBeLessThan(10);
    expect(frames).toHaveLength(1);
    expect(end).toEqual({ status: 'broken', offset: goodLength, reason: `at byte ${goodLength}: ${what}` });
  });

  test('with packets in a section that describes no interface ends there', async () => {
    const { frames, end } = await readBytes(writePcapng([...good, SECTION, { block: 'simple', data: DATA }]));
    expect(frames).toHaveLength(1);
    const offset = goodLength + 28;
    const what = 'packet of interface 0, which was never described';
    expect(end).toEqual({ status: 'broken', offset, reason: `at byte ${offset}: ${what}` });
  });

  test('with too many interfaces ends there', async () => {
    const interfaces = new Array<PcapngBlock>(MAX_INTERFACES + 1).fill(INTERFACE);
    const { end } = await readBytes(writePcapng([SECTION, ...interfaces]));
    const offset = 28 + MAX_INTERFACES * 20;
    const reason = `at byte ${offset}: more than ${MAX_INTERFACES} interfaces`;
    expect(end).toEqual({ status: 'broken', offset, reason });
  });

  const refused: [string, Uint8Array, string][] = [
    [
      'no byte-order magic',
      writePcapng([{ block: 'raw', type: 0x0a0d_0d0a, body: new Uint8Array(16) }]),
      'pcapng section header has no byte-order magic',
    ],
    [
      'a future version',
      writePcapng([{ block: 'section', version: [2, 0] }]),
      'pcapng version 2.0 is not supported, only 1.0 is',
    ],
  ];
  test.each(refused)('with %s at its start is not a capture', async (_, bytes, reason) => {
    expect(await readBytes(bytes)).toEqual({ frames: [], end: { status: 'no-capture', reason } });
  });
});
