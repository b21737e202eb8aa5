import { expect, test } from 'vitest';
import { CaptureReader } from '../../../src/capture/file/reader.ts';
import { UndecodedFrames } from '../../../src/capture/file/undecoded.ts';
import { type PcapngBlock, writePcapng } from '../../support/capture-writer.ts';
import { readAll } from '../../support/read-capture.ts';

/** A capture with one frame of each link type. */
function capture(linkTypes: readonly number[]): UndecodedFrames {
  const data = new Uint8Array(4);
  const interfaces = linkTypes.map((linkType): PcapngBlock => ({ block: 'interface', linkType }));
  const frames = linkTypes.map((_, index): PcapngBlock => ({ block: 'enhanced', interface: index, data }));
  let bytes = writePcapng([{ block: 'section' }, ...interfaces, ...frames]);
  return new UndecodedFrames(
    new CaptureReader('test', {
      read(into) {
        const piece = bytes.subarray(0, into.length);
        into.set(piece);
        bytes = bytes.subarray(piece.length);
        return piece.length;
      },
      close() {},
    }),
  );
}

test.each<[string, number[], number, number[]]>([
  ['Ethernet', [1, 1], 0, []],
  ['raw IP with its other numbers', [12, 14], 0, []],
  ['one without a decoder', [127], 1, [127]],
  ['several without a decoder among others', [1, 127, 101, 127, 195, 1, 276, 0], 3, [127, 195]],
])('%s', async (_name, linkTypes, undecoded, types) => {
  const source = capture(linkTypes);
  const { frames, end } = await readAll(source);
  expect([source.name, end]).toEqual(['test', { status: 'complete' }]);
  expect(source).toMatchObject({ frames: frames.length, undecoded });
  expect(frames).toHaveLength(linkTypes.length);
  expect([...source.types]).toEqual(types);
});

test('in a file with many types, every frame is counted and a few types are named', async () => {
  const source = capture(Array.from({ length: 300 }, (_, index) => 1000 + index));
  await readAll(source);
  expect(source.undecoded).toBe(300);
  expect([...source.types]).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007]);
});
