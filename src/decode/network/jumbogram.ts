// RFC 8200, sections 4.2 and 4.3: a hop-by-hop header counts units of 8 octets beyond the first 8, and holds options.
const EXTENSION_LENGTH = 1;
const FIRST_OPTION = 2;
const OPTION_LENGTH = 1;
const OPTION_HEADER_LENGTH = 2;
const PAD1 = 0;

// RFC 2675, section 2.
const JUMBO_PAYLOAD = 0xc2;
const JUMBO_DATA_LENGTH = 4;
const MAX_PLAIN_LENGTH = 65_535;

/**
 * The payload length of a jumbogram, from the hop-by-hop header at `offset`. Without the option it is `onWire`,
 * because Linux then takes the frame's length. An option that claims less than a jumbogram makes it 0 (RFC 2675,
 * section 3: discarded), and so does an option that ends beyond the frame.
 */
export function jumboPayloadLength(view: DataView, offset: number, end: number, onWire: number): number {
  if (end - offset < FIRST_OPTION) return 0;
  const headerEnd = Math.min(end, offset + (view.getUint8(offset + EXTENSION_LENGTH) + 1) * 8);
  let position = offset + FIRST_OPTION;
  while (headerEnd - position >= OPTION_HEADER_LENGTH) {
    const type = view.getUint8(position);
    if (type === PAD1) {
      position += 1;
      continue;
    }
    const length = view.getUint8(position + OPTION_LENGTH);
    position += OPTION_HEADER_LENGTH;
    if (type === JUMBO_PAYLOAD) return readLength(view, position, length, headerEnd);
    position += length;
  }
  return onWire;
}

function readLength(view: DataView, position: number, length: number, headerEnd: number): number {
  if (length !== JUMBO_DATA_LENGTH || headerEnd - position < JUMBO_DATA_LENGTH) return 0;
  const payloadLength = view.getUint32(position);
  return payloadLength > MAX_PLAIN_LENGTH ? payloadLength : 0;
}
