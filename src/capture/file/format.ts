import { isPcapMagic } from './pcap.ts';
import { SECTION_HEADER } from './pcapng.ts';

/** RFC 1952, section 2.3.1: ID1 and ID2. */
const GZIP_MAGIC = 0x8b1f;

/** The number of octets that `formatOf` needs. */
export const MAGIC_BYTES = 4;

/** The format of a file; `none` for anything else. */
export type Format = 'pcap' | 'pcapng' | 'gzip' | 'none';

/** Recognises the format of a file by its first octets. */
export function formatOf(head: Uint8Array): Format {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length >= 2 && view.getUint16(0, true) === GZIP_MAGIC) return 'gzip';
  if (head.length < MAGIC_BYTES) return 'none';
  const magic = view.getUint32(0, true);
  if (isPcapMagic(magic)) return 'pcap';
  return magic === SECTION_HEADER ? 'pcapng' : 'none';
}
