import { createGunzip, type Gunzip } from 'node:zlib';
import type { ByteInput, InputFault } from './input.ts';

/**
 * Compressed octets that are taken at a time. Deflate makes at most 1,032 octets of one, so a decompression bomb
 * has no more than 16.5 MiB in memory at once, however much it blows up to.
 */
const PIECE_LENGTH = 16_384;

/** Octets that zlib hands over at a time. Those that it holds when it finds the data damaged are lost. */
const CHUNK_LENGTH = 65_536;

/** RFC 1952, section 2.3: CRC32 and ISIZE at the end. */
const TRAILER_LENGTH = 8;

/** Decompresses another input that holds gzip data, all of its members. */
export class GunzipInput implements ByteInput {
  readonly #compressed: ByteInput;
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: CHUNK_LENGTH });
  readonly #piece = new Uint8Array(PIECE_LENGTH);
  /**
   * Octets at the start of the piece that are held back: the last ones that were read may be the trailer. It is
   * fed apart, so that a wrong checksum does not cost what zlib holds at the end of the data.
   */
  #held = 0;
  #chunks: Uint8Array[] = [];
  #ended = false;
  #fault: InputFault | null = null;
  #wake: () => void = () => {};

  constructor(compressed: ByteInput) {
    this.#compressed = compressed;
    // Driven by hand, piece by piece, and not as a pipe: a pipe throws away what it holds when an error comes,
    // and that is what stood before the break.
    this.#gunzip.on('data', (chunk: Uint8Array) => this.#chunks.push(chunk));
    this.#gunzip.on('end', () => this.#finish(null));
    this.#gunzip.on('error', (error: NodeJS.ErrnoException) => this.#finish(faultOf(error)));
  }

  async read(into: Uint8Array): Promise<number | InputFault> {
    while (this.#chunks.length === 0 && !this.#ended) await this.#decompressPiece();
    if (this.#chunks.length === 0) return this.#fault ?? 0;
    return this.#deliver(into);
  }

  close(): void {
    this.#finish(null);
    this.#gunzip.destroy();
    this.#compressed.close();
  }

  async #decompressPiece(): Promise<void> {
    const length = await this.#compressed.read(this.#piece.subarray(this.#held));
    if (typeof length !== 'number') {
      this.#finish(length);
      return;
    }
    const available = this.#held + length;
    const fed = length === 0 ? available : Math.max(0, available - TRAILER_LENGTH);
    await this.#feed(this.#piece.subarray(0, fed), length === 0);
    this.#piece.copyWithin(0, fed, available);
    this.#held = available - fed;
  }

  /**
   * Resolves when zlib is done with the octets, which must stay as they are until then; after an error, or at the
   * end, when its event has come.
   */
  #feed(compressed: Uint8Array, last: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (last) {
        this.#gunzip.end(compressed);
        return;
      }
      this.#gunzip.write(compressed, (error) => {
        if (!error) resolve();
      });
    });
  }

  #finish(fault: InputFault | null): void {
    this.#ended = true;
    this.#fault ??= fault;
    this.#wake();
  }

  #deliver(into: Uint8Array): number {
    let filled = 0;
    while (this.#chunks.length > 0 && filled < into.length) {
      const chunk = this.#chunks[0] as Uint8Array;
      const part = chunk.subarray(0, into.length - filled);
      into.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) giveBack(this.#chunks.shift() as Uint8Array);
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return filled;
  }
}

/** Node 22 and newer have it. */
interface Transferable extends ArrayBuffer {
  transfer?(newByteLength: number): ArrayBuffer;
}

/**
 * Frees a buffer of zlib's that is used up: by itself V8 looks for such only when 64 MiB of them have gathered (Node 24).
 * One that does not reach to its end yet is still written to.
 */
function giveBack({ buffer, byteOffset, byteLength }: Uint8Array): void {
  if (byteOffset + byteLength === buffer.byteLength) (buffer as Transferable).transfer?.(0);
}

/** zlib reports data that stop too early as an error of its buffer. */
function faultOf(error: NodeJS.ErrnoException): InputFault {
  if (error.code === 'Z_BUF_ERROR') return { status: 'broken', reason: 'gzip data is cut off' };
  return { status: 'broken', reason: `gzip data is damaged: ${error.message}` };
}
