import { crc32 } from 'node:zlib';
import type { Operation } from './entry.ts';
import { isRecord, operationFrom, type RecordFault, recordOf } from './record.ts';

/** The first word of every line: the version of the format. */
const VERSION = 'v1';

/** The CRC-32 of the JSON text has this many hexadecimal digits. */
const CHECKSUM_LENGTH = 8;

/** A line is the version, a space, the checksum, a space and the JSON text. */
const CHECKSUM_OFFSET = VERSION.length + 1;
const JSON_OFFSET = CHECKSUM_OFFSET + CHECKSUM_LENGTH + 1;

const HEAD = Buffer.from(`${VERSION} `);

/** The start of a line of any version. */
const ANY_VERSION = /^v\d{1,4} /;

/** No line of ours is longer: every field has a bound, and their sum is below this. */
export const MAX_LINE_BYTES = 16_384;

/** The byte that ends a line. */
export const LINE_END = 0x0a;

/** The operation as a line that ends with a newline. */
export function lineOf(operation: Operation): string {
  return lineWith(recordOf(operation));
}

/** The operation in a line, which is given without its newline. */
export function operationIn(line: Buffer): Operation | RecordFault {
  const record = recordIn(line);
  return typeof record === 'string' ? record : operationFrom(record);
}

/** A record as a line that ends with a newline; as JSON it has at most MAX_LINE_BYTES less its head. */
export function lineWith(record: object): string {
  const text = JSON.stringify(record);
  return `${VERSION} ${checksumOf(text)} ${text}\n`;
}

/** The record in a line, which is given without its newline; its fields may have any value. */
export function recordIn(line: Buffer): Record<string, unknown> | RecordFault {
  if (line.indexOf(HEAD) !== 0) {
    return ANY_VERSION.test(line.toString('latin1', 0, JSON_OFFSET)) ? 'unknown' : 'damaged';
  }
  const text = line.subarray(JSON_OFFSET);
  const checksum = line.toString('latin1', CHECKSUM_OFFSET, CHECKSUM_OFFSET + CHECKSUM_LENGTH);
  if (checksumOf(text) !== checksum) return 'damaged';
  const record = parse(text.toString('utf8'));
  return isRecord(record) ? record : 'damaged';
}

/**
 * The record at the end of a damaged line; null when there is none. Before it may be half a record, or the NULs that a
 * file system leaves when the power fails before it has written the data.
 */
export function lastRecordIn(line: Buffer): Buffer | null {
  const start = line.lastIndexOf(HEAD);
  return start > 0 ? line.subarray(start) : null;
}

function checksumOf(text: string | Buffer): string {
  return crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
