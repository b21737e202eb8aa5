import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ByteOrder, PcapngBlock, PcapOptions } from '../support/capture-writer.ts';
import { writePcap, writePcapng } from '../support/capture-writer.ts';
import { linesOf, readBytes } from '../support/read-capture.ts';

const order = fc.constantFrom<ByteOrder>('little', 'big');
const octets = fc.uint8Array({ maxLength: 40 });
const u32 = fc.nat(0xffff_ffff);

/** A capture and the boundaries of its records, including the header of the file. */
interface Capture {
  readonly bytes: Uint8Array;
  readonly bounds: readonly number[];
  /** The number of frames before each boundary. */
  readonly framesBefore: readonly number[];
}

const pcap: fc.Arbitrary<Capture> = fc
  .record({
    magic: fc.constantFrom<NonNullable<PcapOptions['magic']>>('microseconds', 'nanoseconds', 'modified'),
    order,
    linkType: fc.nat(300),
    frames: fc.array(fc.record({ data: octets, seconds: u32, fraction: u32, wireLength: u32 }), {
      maxLength: 6,
    }),
  })
  .map((options) => {
    const prefixes = options.frames.map((_, index) => {
      return writePcap({ ...options, frames: options.frames.slice(0, index + 1) }).length;
    });
    const bounds = [0, 24, ...prefixes];
    return {
      bytes: writePcap(options),
      bounds,
      framesBefore: [0, 0, ...prefixes.map((_, index) => index + 1)],
    };
  });

const section = fc.record({ block: fc.constant('section' as const), order });
const description = fc.record({
  block: fc.constant('interface' as const),
  linkType: fc.nat(300),
  resolution: fc.nat(255),
  timeOffset: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});
const packet = fc.record({
  block: fc.constantFrom('enhanced' as const, 'obsolete' as const),
  data: octets,
  timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  wireLength: u32,
  options: fc.constantFrom(new Uint8Array(0), new Uint8Array(8)),
});
const simple = fc.record({ block: fc.constant('simple' as const), data: octets });
const other = fc.record({
  block: fc.constant('raw' as const),
  type: fc.integer({ min: 7, max: 0x0a0d_0d09 }),
  body: fc.constantFrom(new Uint8Array(0), new Uint8Array(24)),
});

const pcapng: fc.Arbitrary<Capture> = fc
  .array(
    fc.tuple(section, description, fc.array(fc.oneof(packet, simple, description, other), { maxLength: 5 })),
    { minLength: 1, maxLength: 3 },
  )
  .map((sections) => {
    const blocks: PcapngBlock[] = sections.flatMap(([head, first, rest]) => [head, first, ...rest]);
    const prefix = (length: number) => blocks.slice(0, length);
    const isFrame = ({ block }: PcapngBlock) => ['enhanced', 'obsolete', 'simple'].includes(block);
    const lengths = Array.from({ length: blocks.length + 1 }, (_, length) => length);
    return {
      bytes: writePcapng(blocks),
      bounds: lengths.map((length) => writePcapng(prefix(length)).length),
      framesBefore: lengths.map((length) => prefix(length).filter(isFrame).length),
    };
  });

const capture = fc.oneof(pcap, pcapng);

/** Expects that every time is a number, and that every end gives a reason. */
async function expectSound(bytes: Uint8Array): Promise<void> {
  const { frames, end } = await readBytes(bytes);
  for (const { time } of frames) expect(Number.isFinite(time)).toBe(true);
  if (end.status === 'broken') expect(end.offset).toBeLessThanOrEqual(bytes.length);
  if (end.status !== 'complete') expect(end.reason).toMatch(/^[^\n]+$/);
}

describe('the capture file reader', () => {
  test('reads every intact capture to its end', async () => {
    await fc.assert(
      fc.asyncProperty(capture, async ({ bytes, framesBefore }) => {
        const { frames, end } = await readBytes(bytes);
        expect(end).toEqual({ status: 'complete' });
        expect(frames).toHaveLength(framesBefore.at(-1) ?? 0);
      }),
    );
  });

  test('accepts any octets, also after an intact capture', async () => {
    const start = fc.oneof(
      fc.constant(new Uint8Array(0)),
      capture.map(({ bytes }) => bytes),
    );
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 300 }), async (head, rest) => {
        await expectSound(Uint8Array.from([...head, ...rest]));
      }),
      { numRuns: 500 },
    );
  });

  test('accepts every mutation of a single octet', async () => {
    await fc.assert(
      fc.asyncProperty(capture, fc.integer({ min: 1, max: 255 }), async ({ bytes }, change) => {
        for (let position = 0; position < bytes.length; position++) {
          const mutated = bytes.slice();
          mutated[position] = (mutated[position] as number) ^ change;
          await expectSound(mutated);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('yields the same in whatever pieces the capture arrives', async () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    const damaged = fc
      .tuple(capture, fc.nat(), fc.nat(255))
      .map(([{ bytes }, position, octet]) => bytes.with(position % bytes.length, octet));
    const any = fc.oneof(
      capture.map(({ bytes }) => bytes),
      damaged,
    );
    await fc.assert(
      fc.asyncProperty(any, pieces, async (bytes, sizes) => {
        const whole = linesOf(await readBytes(bytes));
        expect(linesOf(await readBytes(bytes, [1]))).toEqual(whole);
        expect(linesOf(await readBytes(bytes, sizes))).toEqual(whole);
      }),
    );
  });

  test('yields the whole records of a cut capture, and the offset of the cut one', async () => {
    await fc.assert(
      fc.asyncProperty(capture, async ({ bytes, bounds, framesBefore }) => {
        const whole = linesOf(await readBytes(bytes));
        for (let length = 4; length < bytes.length; length++) {
          const cut = await readBytes(bytes.subarray(0, length));
          const record = bounds.findLastIndex((bound) => bound <= length);
          expect(cut.frames).toHaveLength(framesBefore[record] as number);
          expect(linesOf(cut).slice(0, -1)).toEqual(whole.slice(0, cut.frames.length));
          if (bounds[record] === length) expect(cut.end).toEqual({ status: 'complete' });
          else expect(cut.end).toMatchObject({ status: 'broken', offset: bounds[record] });
        }
      }),
      { numRuns: 30 },
    );
  });
});
