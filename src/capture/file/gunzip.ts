import { createGunzip, type Gunzip } from 'node:zlib';
import type { ByteInput, InputFault } from './input.ts';

/**
 * Compressed octets that are decompressed at a time. Deflate expands one octet to at most 1,032, so a decompression bomb
 * never occupies more than 16.5 MiB, however large the result is.
 */
const PIECE_BYTES = 16_384;

/**
 * Octets that zlib delivers at a time. When it finds damaged data, the octets that it still holds are lost; with four times
 * as many, a replay takes a fifth less processor time.
 */
const CHUNK_BYTES = 65_536;

/** The length of CRC32 and ISIZE at the end (RFC 1952, section 2.3). */
const TRAILER_BYTES = 8;

/** Decompresses all members of an input that holds gzip data, on a thread of zlib while the caller works on what it has. */
export class GunzipInput implements ByteInput {
  readonly #compressed: ByteInput;
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  readonly #piece = new Uint8Array(PIECE_BYTES);
  /**
   * The number of octets at the start of the piece that are held back, because the last octets may be the trailer. The
   * trailer is fed separately, so that a wrong checksum does not lose what zlib holds at the end of the data.
   */
  #held = 0;
  #chunks: Uint8Array[] = [];
  #ended = false;
  #fault: InputFault | null = null;
  /** The piece that is decompressed meanwhile. */
  #ahead: Promise<void> | null = null;
  #wake: () => void = () => {};

  constructor(compressed: ByteInput) {
    this.#compressed = compressed;
    // Fed piece by piece and not through a pipe, because a pipe discards what it holds when an error occurs: the data
    // before the damage.
    this.#gunzip.on('data', (chunk: Uint8Array) => this.#chunks.push(chunk));
    this.#gunzip.on('end', () => this.#finish(null));
    this.#gunzip.on('error', (error: NodeJS.ErrnoException) => this.#finish(faultOf(error)));
  }

  get position(): number {
    return this.#compressed.position ?? 0;
  }

  async read(into: Uint8Array): Promise<number | InputFault> {
    while (this.#chunks.length === 0 && !this.#ended) {
      this.#ahead ??= this.#decompressPiece();
      await this.#ahead;
      this.#ahead = null;
    }
    if (this.#chunks.length === 0) return this.#fault ?? 0;
    const length = this.#deliver(into);
    // Decompressed on another thread while the caller works.
    if (this.#chunks.length === 0 && !this.#ended) this.#ahead ??= this.#decompressPiece();
    return length;
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
    const fed = length === 0 ? available : Math.max(0, available - TRAILER_BYTES);
    await this.#feed(this.#piece.subarray(0, fed), length === 0);
    this.#piece.copyWithin(0, fed, available);
    this.#held = available - fed;
  }

  /**
   * Resolves when zlib has used the octets, which must not change until then. After an error or at the end, it resolves
   * with the event.
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
      if (part.length === chunk.length) free(this.#chunks.shift() as Uint8Array);
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return filled;
  }
}

/** `transfer` exists in Node 22 and later. */
interface Transferable extends ArrayBuffer {
  transfer?(newByteLength: number): ArrayBuffer;
}

/**
 * Frees a buffer of zlib that has been read: V8 collects such buffers only when they occupy 64 MiB (Node 24).
 * A chunk that ends before its buffer is not freed, because zlib still writes to the rest.
 */
function free({ buffer, byteOffset, byteLength }: Uint8Array): void {
  if (byteOffset + byteLength === buffer.byteLength) (buffer as Transferable).transfer?.(0);
}

/** zlib reports data that end too early as a buffer error. */
function faultOf(error: NodeJS.ErrnoException): InputFault {
  if (error.code === 'Z_BUF_ERROR') return { status: 'broken', reason: 'gzip data is cut off' };
  return { status: 'broken', reason: `gzip data is damaged: ${error.message}` };
}
