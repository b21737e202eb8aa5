import type { ByteInput } from '../../src/capture/file/input.ts';
import { CaptureReader } from '../../src/capture/file/reader.ts';
import type { CaptureEnd, CaptureSource } from '../../src/capture/source.ts';

/** A copy of a frame, which outlives its batch. */
export interface ReadFrame {
  readonly data: Uint8Array;
  readonly wireLength: number;
  readonly time: number;
  readonly linkType: number;
}

/** All frames of a capture, and how it ended. */
export interface ReadCapture {
  readonly frames: readonly ReadFrame[];
  readonly end: CaptureEnd;
}

/** Reads a source to its end, and closes it. */
export async function readAll(source: CaptureSource): Promise<ReadCapture> {
  const frames: ReadFrame[] = [];
  for (let batch = await source.next(); batch !== null; batch = await source.next()) {
    if (batch.count === 0) throw new Error('an empty batch');
    for (let index = 0; index < batch.count; index++) {
      const offset = batch.offset[index] as number;
      const length = batch.capturedLength[index] as number;
      if (offset + length > batch.view.byteLength) throw new Error('a frame outside its buffer');
      frames.push({
        data: batch.buffer.slice(offset, offset + length),
        wireLength: batch.wireLength[index] as number,
        time: batch.time[index] as number,
        linkType: batch.linkType[index] as number,
      });
    }
  }
  source.close();
  if (source.end === null) throw new Error('a source that is at its end, but has none');
  return { frames, end: source.end };
}

/** A line for each frame and one for the end. They compare faster than the objects, and read more easily. */
export function linesOf({ frames, end }: ReadCapture): string[] {
  const lines = frames.map(({ data, wireLength, time, linkType }) => {
    return `${time} link type ${linkType}, ${wireLength} on the wire: ${Buffer.from(data).toString('hex')}`;
  });
  return [...lines, JSON.stringify(end)];
}

/** The octets of each frame in hexadecimal digits. */
export function hexOf(frames: readonly { readonly data: Uint8Array }[]): string[] {
  return frames.map(({ data }) => Buffer.from(data).toString('hex'));
}

/** Reads a capture that is in memory, in pieces of at most the given sizes, which repeat. */
export function readBytes(bytes: Uint8Array, pieces?: readonly number[]): Promise<ReadCapture> {
  return readInput(new PieceInput(bytes, pieces));
}

/** Reads a capture from a source of octets. */
export function readInput(input: ByteInput): Promise<ReadCapture> {
  return readAll(new CaptureReader('test', input));
}

/** A capture in memory as a source of octets, which counts how often it is read. */
export class PieceInput implements ByteInput {
  reads = 0;
  readonly #bytes: Uint8Array;
  readonly #pieces: readonly number[];
  #position = 0;

  constructor(bytes: Uint8Array, pieces: readonly number[] = [Infinity]) {
    this.#bytes = bytes;
    this.#pieces = pieces;
  }

  read(into: Uint8Array): number {
    if (into.length === 0) throw new Error('asked for nothing');
    const size = this.#pieces[this.reads++ % this.#pieces.length] as number;
    const piece = this.#bytes.subarray(this.#position, this.#position + Math.min(size, into.length));
    into.set(piece);
    this.#position += piece.length;
    return piece.length;
  }

  close(): void {}
}
