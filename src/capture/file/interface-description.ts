import { canonicalLinkType } from '../link-type.ts';

// Interface description block, draft-ietf-opsawg-pcapng section 4.2, from the start of its body.
const LINK_TYPE = 0;
const SNAP_LENGTH = 4;
const OPTIONS = 8;

const OPTION_CODE = 0;
const OPTION_LENGTH = 2;
const OPTION_HEADER_LENGTH = 4;
const OPT_ENDOFOPT = 0;
const OPT_IF_TSRESOL = 9;
const OPT_IF_TSOFFSET = 14;

/** The high bit of if_tsresol: the other bits are a negative power of two, not of ten. */
const TSRESOL_BINARY = 0x80;
/** Microseconds. */
const DEFAULT_TSRESOL = 6;

/** What the packets of a pcapng interface depend on. */
export interface InterfaceDescription {
  readonly linkType: number;
  /** In octets; 0 means that there is no limit. */
  readonly snapLength: number;
  /** Milliseconds since the epoch = time stamp * `multiplier` / `divisor` + `offset`. */
  readonly multiplier: number;
  readonly divisor: number;
  readonly offset: number;
}

/** Parses the body of an interface description block, from `body` to `end`. Returns a text if it is malformed. */
export function parseInterfaceDescription(
  view: DataView,
  body: number,
  end: number,
  littleEndian: boolean,
): InterfaceDescription | string {
  if (end - body < OPTIONS) return 'interface description is too short';
  let resolution = DEFAULT_TSRESOL;
  let offset = 0;
  let position = body + OPTIONS;
  while (position + OPTION_HEADER_LENGTH <= end) {
    const code = view.getUint16(position + OPTION_CODE, littleEndian);
    const length = view.getUint16(position + OPTION_LENGTH, littleEndian);
    const value = position + OPTION_HEADER_LENGTH;
    if (code === OPT_ENDOFOPT) break;
    if (value + length > end) return `option ${code} of the interface description runs over its block`;
    if (code === OPT_IF_TSRESOL && length === 1) resolution = view.getUint8(value);
    if (code === OPT_IF_TSOFFSET && length === 8) {
      offset = Number(view.getBigInt64(value, littleEndian)) * 1000;
    }
    position = value + padded(length);
  }
  return {
    linkType: canonicalLinkType(view.getUint16(body + LINK_TYPE, littleEndian)),
    snapLength: view.getUint32(body + SNAP_LENGTH, littleEndian),
    ...timeScale(resolution),
    offset,
  };
}

/** Options are padded to a multiple of four octets. */
function padded(length: number): number {
  return (length + 3) & ~3;
}

/** Reduces powers of ten by a thousand, so that fewer roundings occur and the result equals that of a classic file. */
function timeScale(resolution: number): { multiplier: number; divisor: number } {
  const power = resolution & ~TSRESOL_BINARY;
  if ((resolution & TSRESOL_BINARY) !== 0) return { multiplier: 1000, divisor: 2 ** power };
  if (power < 3) return { multiplier: 10 ** (3 - power), divisor: 1 };
  return { multiplier: 1, divisor: 10 ** (power - 3) };
}
