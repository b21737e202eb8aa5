// RFC 2784, section 2.1, and RFC 2890, section 2: flags, version, an EtherType, then the fields that the flags
// announce.
const FLAGS_VERSION = 0;
const PROTOCOL_TYPE = 2;
const MIN_HEADER_LENGTH = 4;
const FIELD_LENGTH = 4;

const CHECKSUM_PRESENT = 0x8000;
const KEY_PRESENT = 0x2000;
const SEQUENCE_NUMBER_PRESENT = 0x1000;
/** RFC 1701's routing and the like, and every version but 0: discarded by RFC 2784, and by Linux. */
const MUST_BE_ZERO = 0x4fff;

/** The length of the GRE header at `offset`; -1 when it ends beyond `end`, or hosts discard it. */
export function greHeaderLength(view: DataView, offset: number, end: number): number {
  if (end - offset < MIN_HEADER_LENGTH) return -1;
  const flags = view.getUint16(offset + FLAGS_VERSION);
  if ((flags & MUST_BE_ZERO) !== 0) return -1;
  let length = MIN_HEADER_LENGTH;
  if ((flags & CHECKSUM_PRESENT) !== 0) length += FIELD_LENGTH;
  if ((flags & KEY_PRESENT) !== 0) length += FIELD_LENGTH;
  if ((flags & SEQUENCE_NUMBER_PRESENT) !== 0) length += FIELD_LENGTH;
  return end - offset < length ? -1 : length;
}

/** The EtherType of the GRE payload. */
export function greEtherType(view: DataView, offset: number): number {
  return view.getUint16(offset + PROTOCOL_TYPE);
}
