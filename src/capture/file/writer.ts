import { closeSync, openSync, writeSync } from 'node:fs';
import type { FrameBatch } from '../source.ts';
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  PACKET_DATA,
  SECTION_HEADER,
} from './pcapng.ts';

// pcapng, draft-ietf-opsawg-pcapng, in little-endian order. A block's length stands at both of its ends.
const SECTION_LENGTH = 28;
const INTERFACE_LENGTH = 20;
const PACKET_OVERHEAD = 32;

/** Octets that are gathered before they are written. */
const PIECE_BYTES = 262_144;

/** Writes frames to a new pcapng file, whose times are in microseconds. */
export class CaptureWriter {
  readonly #descriptor: number;
  #piece = new Uint8Array(PIECE_BYTES);
  #view = new DataView(this.#piece.buffer);
  #length = 0;
  /** The number of the interface of each link type. */
  readonly #interfaces = new Map<number, number>();

  /** Throws the system's error when there is a file of that name, or none can be made. */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'wx');
    const at = this.#begin(SECTION_HEADER, SECTION_LENGTH);
    this.#view.setUint32(at + 8, BYTE_ORDER_MAGIC, true);
    this.#view.setUint16(at + 12, 1, true);
    this.#view.setUint16(at + 14, 0, true);
    // The length of the section is not known.
    this.#view.setBigInt64(at + 16, -1n, true);
  }

  /** Writes frame number `index` of the batch. Throws the system's error. */
  write(batch: FrameBatch, index: number): void {
    const link = this.#interfaceOf(batch.linkType[index] as number);
    const offset = batch.offset[index] as number;
    const captured = batch.capturedLength[index] as number;
    const at = this.#begin(ENHANCED_PACKET, PACKET_OVERHEAD + ((captured + 3) & ~3));
    const microseconds = microsecondsOf(batch.time[index] as number);
    this.#view.setUint32(at + 8, link, true);
    this.#view.setUint32(at + 12, Math.floor(microseconds / 2 ** 32), true);
    this.#view.setUint32(at + 16, microseconds % 2 ** 32, true);
    this.#view.setUint32(at + 20, captured, true);
    this.#view.setUint32(at + 24, batch.wireLength[index] as number, true);
    this.#piece.set(batch.buffer.subarray(offset, offset + captured), at + PACKET_DATA);
  }

  /** Writes the rest, and closes the file. Throws the system's error. */
  close(): void {
    try {
      this.#flush();
    } finally {
      closeSync(this.#descriptor);
    }
  }

  #interfaceOf(linkType: number): number {
    const known = this.#interfaces.get(linkType);
    if (known !== undefined) return known;
    const at = this.#begin(INTERFACE_DESCRIPTION, INTERFACE_LENGTH);
    this.#view.setUint16(at + 8, linkType, true);
    // No limit to the length of frames.
    this.#view.setUint32(at + 12, 0, true);
    this.#interfaces.set(linkType, this.#interfaces.size);
    return this.#interfaces.size - 1;
  }

  /** Makes room for a block, filled with zeros but for its type and its length, and returns where it begins. */
  #begin(type: number, length: number): number {
    if (this.#length + length > this.#piece.length) this.#flush();
    if (length > this.#piece.length) {
      this.#piece = new Uint8Array(length);
      this.#view = new DataView(this.#piece.buffer);
    }
    const at = this.#length;
    this.#length += length;
    this.#piece.fill(0, at, this.#length);
    this.#view.setUint32(at, type, true);
    this.#view.setUint32(at + 4, length, true);
    this.#view.setUint32(this.#length - 4, length, true);
    return at;
  }

  #flush(): void {
    for (let written = 0; written < this.#length; )
      written += writeSync(this.#descriptor, this.#piece, written, this.#length - written);
    this.#length = 0;
  }
}

/** Whole microseconds that lie in the same millisecond, which is what events have. */
function microsecondsOf(time: number): number {
  const rounded = Math.round(time * 1_000);
  return Math.floor(rounded / 1_000) > Math.floor(time) ? rounded - 1 : rounded;
}
