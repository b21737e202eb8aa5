import { type CaptureEnd, type FrameBatch, LATEST_TIME_MS, MAX_FRAME_BYTES } from '../source.ts';
import { type InterfaceDescription, parseInterfaceDescription } from './interface-description.ts';
import { faultAt, type RecordParser } from './record-parser.ts';
import type { ByteWindow } from './window.ts';

// pcapng, draft-ietf-opsawg-pcapng. Every block begins with its type and total length, and ends with the length again.
const BLOCK_TYPE = 0;
const BLOCK_TOTAL_LENGTH = 4;
const BLOCK_HEADER_LENGTH = 8;
const BLOCK_TRAILER_LENGTH = 4;
const BLOCK_OVERHEAD = BLOCK_HEADER_LENGTH + BLOCK_TRAILER_LENGTH;

/** The type of a section header block. It is a palindrome, so it is recognised before the byte order is known. */
export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
export const ENHANCED_PACKET = 6;

// Offsets from the start of the block. The obsolete packet block differs from the enhanced one only in its interface
// number, which has 16 bits and precedes a count of drops.
const SECTION_BYTE_ORDER_MAGIC = 8;
const SECTION_MAJOR_VERSION = 12;
const SECTION_MINOR_VERSION = 14;
const SECTION_OPTIONS = 24;
/** opt_comment, an option of every block. */
const OPT_COMMENT = 1;
const OPTION_LENGTH = 2;
const OPTION_HEADER_LENGTH = 4;
/** Octets of a comment that are kept: it goes with every event. */
const MAX_COMMENT_BYTES = 1_024;
const PACKET_INTERFACE = 8;
const PACKET_TIMESTAMP_HIGH = 12;
const PACKET_TIMESTAMP_LOW = 16;
const PACKET_CAPTURED_LENGTH = 20;
const PACKET_ORIGINAL_LENGTH = 24;
export const PACKET_DATA = 28;
const SIMPLE_ORIGINAL_LENGTH = 8;
const SIMPLE_DATA = 12;

/** Shows the byte order of a section. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const VERSION_MAJOR = 1;

/**
 * The longest block. A block must be in memory as a whole, and a forged length must not decide how much memory that is.
 * Wireshark and libpcap have the same limit.
 */
export const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

/** Interfaces per section, as many as 16 bits can number. They occupy memory until the section ends. */
export const MAX_INTERFACES = 65_536;

/** Parses pcapng files with all their sections and interfaces. Skips blocks that hold no packets. */
export class PcapngParser implements RecordParser {
  part = 'block';
  needed = BLOCK_OVERHEAD;
  fault: CaptureEnd | null = null;
  comment: string | null = null;
  #littleEndian = true;
  #interfaces: InterfaceDescription[] = [];
  /** In milliseconds. A simple packet has no time; it gets that of the packet before it. */
  #lastTime = 0;

  parse(window: ByteWindow, batch: FrameBatch): void {
    const { view } = window;
    const capacity = batch.offset.length;
    while (batch.count < capacity && this.fault === null) {
      this.needed = BLOCK_OVERHEAD;
      if (window.length < BLOCK_OVERHEAD) return;
      const { start } = window;
      const wrong = this.#parseByteOrder(view, start) ?? this.#parseLength(view, start);
      if (wrong === null && window.length < this.needed) return;
      const fault = wrong ?? this.#parseBlock(view, start, start + this.needed, batch);
      if (fault === null) window.start += this.needed;
      else this.fault = faultAt(window.offset, fault);
    }
  }

  /** Each section has the byte order of the machine that wrote it. */
  #parseByteOrder(view: DataView, start: number): string | null {
    if (view.getUint32(start + BLOCK_TYPE, true) !== SECTION_HEADER) return null;
    this.#littleEndian = view.getUint32(start + SECTION_BYTE_ORDER_MAGIC, true) === BYTE_ORDER_MAGIC;
    const magic = view.getUint32(start + SECTION_BYTE_ORDER_MAGIC, this.#littleEndian);
    return magic === BYTE_ORDER_MAGIC ? null : 'pcapng section header has no byte-order magic';
  }

  #parseLength(view: DataView, start: number): string | null {
    const length = view.getUint32(start + BLOCK_TOTAL_LENGTH, this.#littleEndian);
    if (length < BLOCK_OVERHEAD)
      return `block length ${length} is less than a block's ${BLOCK_OVERHEAD} bytes`;
    if (length > MAX_BLOCK_BYTES)
      return `block length ${length} is more than the limit of ${MAX_BLOCK_BYTES}`;
    if (length % 4 !== 0) return `block length ${length} is not a multiple of 4`;
    this.needed = length;
    return null;
  }

  /** Parses the block from `start` to `end`, both offsets in `view`. Returns what is wrong with it, or null. */
  #parseBlock(view: DataView, start: number, end: number, batch: FrameBatch): string | null {
    const trailer = view.getUint32(end - BLOCK_TRAILER_LENGTH, this.#littleEndian);
    if (trailer !== end - start) return `block length ${end - start} is ${trailer} where the block ends`;
    switch (view.getUint32(start + BLOCK_TYPE, this.#littleEndian)) {
      case ENHANCED_PACKET:
      case OBSOLETE_PACKET:
        return this.#parsePacket(view, start, end, batch);
      case SIMPLE_PACKET:
        return this.#parseSimplePacket(view, start, end, batch);
      case INTERFACE_DESCRIPTION:
        return this.#parseInterface(view, start, end);
      case SECTION_HEADER:
        return this.#parseSection(view, start, end);
      default:
        return null;
    }
  }

  #parseSection(view: DataView, start: number, end: number): string | null {
    if (end - start < SECTION_OPTIONS + BLOCK_TRAILER_LENGTH) return 'pcapng section header is too short';
    const major = view.getUint16(start + SECTION_MAJOR_VERSION, this.#littleEndian);
    const minor = view.getUint16(start + SECTION_MINOR_VERSION, this.#littleEndian);
    if (major !== VERSION_MAJOR) return `pcapng version ${major}.${minor} is not supported, only 1.0 is`;
    this.#interfaces = [];
    this.comment ??= this.#parseComment(view, start + SECTION_OPTIONS, end - BLOCK_TRAILER_LENGTH);
    return null;
  }

  /** The first comment among the options from `start` to `end`. Options that contradict their block have none. */
  #parseComment(view: DataView, start: number, end: number): string | null {
    for (let at = start; at + OPTION_HEADER_LENGTH <= end; ) {
      const length = view.getUint16(at + OPTION_LENGTH, this.#littleEndian);
      const value = at + OPTION_HEADER_LENGTH;
      if (value + length > end) return null;
      if (view.getUint16(at, this.#littleEndian) === OPT_COMMENT) {
        const octets = new Uint8Array(
          view.buffer,
          view.byteOffset + value,
          Math.min(length, MAX_COMMENT_BYTES),
        );
        return new TextDecoder().decode(octets);
      }
      at = value + ((length + 3) & ~3);
    }
    return null;
  }

  #parseInterface(view: DataView, start: number, end: number): string | null {
    if (this.#interfaces.length === MAX_INTERFACES) return `more than ${MAX_INTERFACES} interfaces`;
    const body = start + BLOCK_HEADER_LENGTH;
    const description = parseInterfaceDescription(view, body, end - BLOCK_TRAILER_LENGTH, this.#littleEndian);
    if (typeof description === 'string') return description;
    this.#interfaces.push(description);
    return null;
  }

  #parsePacket(view: DataView, start: number, end: number, batch: FrameBatch): string | null {
    const littleEndian = this.#littleEndian;
    const room = end - start - PACKET_DATA - BLOCK_TRAILER_LENGTH;
    if (room < 0) return 'packet block is too short';
    const obsolete = view.getUint32(start + BLOCK_TYPE, littleEndian) === OBSOLETE_PACKET;
    const id = obsolete
      ? view.getUint16(start + PACKET_INTERFACE, littleEndian)
      : view.getUint32(start + PACKET_INTERFACE, littleEndian);
    const description = this.#interfaces[id];
    if (description === undefined) return `packet of interface ${id}, which was never described`;
    const captured = view.getUint32(start + PACKET_CAPTURED_LENGTH, littleEndian);
    if (captured > room || captured > MAX_FRAME_BYTES) return tooLong(captured, room);
    const timestamp =
      view.getUint32(start + PACKET_TIMESTAMP_HIGH, littleEndian) * 2 ** 32 +
      view.getUint32(start + PACKET_TIMESTAMP_LOW, littleEndian);
    const time = (timestamp * description.multiplier) / description.divisor + description.offset;
    // With 64 bits of any resolution, a time may lie after the last date, and with a negative offset before 1970.
    this.#lastTime = Math.min(Math.max(time, 0), LATEST_TIME_MS);
    const original = view.getUint32(start + PACKET_ORIGINAL_LENGTH, littleEndian);
    this.#addFrame(batch, start + PACKET_DATA, captured, original, description.linkType);
    return null;
  }

  /** The block does not hold the captured length, which follows from the snap length of the first interface. */
  #parseSimplePacket(view: DataView, start: number, end: number, batch: FrameBatch): string | null {
    const room = end - start - SIMPLE_DATA - BLOCK_TRAILER_LENGTH;
    if (room < 0) return 'simple packet block is too short';
    const description = this.#interfaces[0];
    if (description === undefined) return 'packet of interface 0, which was never described';
    const original = view.getUint32(start + SIMPLE_ORIGINAL_LENGTH, this.#littleEndian);
    const snapLength = description.snapLength === 0 ? original : description.snapLength;
    const captured = Math.min(original, snapLength);
    if (captured > room || captured > MAX_FRAME_BYTES) return tooLong(captured, room);
    this.#addFrame(batch, start + SIMPLE_DATA, captured, original, description.linkType);
    return null;
  }

  #addFrame(batch: FrameBatch, at: number, captured: number, original: number, linkType: number): void {
    const index = batch.count++;
    batch.offset[index] = at;
    batch.capturedLength[index] = captured;
    batch.wireLength[index] = original;
    batch.time[index] = this.#lastTime;
    batch.linkType[index] = linkType;
  }
}

function tooLong(length: number, room: number): string {
  return `packet block claims a frame of ${length} bytes, more than the limit of ${Math.min(room, MAX_FRAME_BYTES)}`;
}
