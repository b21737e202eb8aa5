import { crc32 } from 'node:zlib';
import type { Operation } from './entry.ts';
import { isRecord, operationFrom, type RecordFault, recordOf } from './record.ts';

/** The first word of every line. Another number is another meaning of what follows. */
const VERSION = 'v1';

/** CRC-32 of the JSON text, in hexadecimal digits. */
const CHECKSUM_LENGTH = 8;

/** The version, a blank, the checksum, a blank. */
const CHECKSUM_OFFSET = VERSION.length + 1;
const JSON_OFFSET = CHECKSUM_OFFSET + CHECKSUM_LENGTH + 1;

const HEAD = Buffer.from(`${VERSION} `);

/** Any version's line, as far as it can be known. */
const ANY_VERSION = /^v\d{1,4} /;

/** Bytes of a longer line are never ours: every field has a bound, and all together stay below this. */
export const MAX_LINE_LENGTH = 16_384;

/** The operation as a line, with its end. */
export function lineOf(operation: Operation): string {
  const text = JSON.stringify(recordOf(operation));
  return `${VERSION} ${checksumOf(text)} ${text}\n`;
}

/** What a line says, given without its end. */
export function operationIn(line: Buffer): Operation | RecordFault {
  if (line.indexOf(HEAD) !== 0) {
    return ANY_VERSION.test(line.toString('latin1', 0, JSON_OFFSET)) ? 'unknown' : 'damaged';
  }
  const text = line.subarray(JSON_OFFSET);
  const checksum = line.toString('latin1', CHECKSUM_OFFSET, CHECKSUM_OFFSET + CHECKSUM_LENGTH);
  if (checksumOf(text) !== checksum) return 'damaged';
  const record = parse(text.toString('utf8'));
  if (!isRecord(record)) return 'damaged';
  return operationFrom(record);
}

/**
 * A record that stands at the end of a damaged line: what was glued to its front is half a record, or the NULs
 * that a file system puts where a power cut came before the data.
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
