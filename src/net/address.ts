/**
 * IP addresses as numbers. An address is four 32-bit words, most significant first. An IPv4 address has its
 * IPv4-mapped form ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2), so that one table, one hash and one comparison serve
 * both families. Text exists only at the edges: configuration, log lines, commands.
 */

/** The third word of every IPv4-mapped address. */
const MAPPED_WORD = 0xffff;

/** Four unsigned 32-bit words. The hot path reuses one object; to keep it, copy it with `Address.from`. */
export class Address {
  constructor(
    public w0 = 0,
    public w1 = 0,
    public w2 = 0,
    public w3 = 0,
  ) {}

  /** A copy that the caller may keep. */
  static from(other: Address): Address {
    return new Address(other.w0, other.w1, other.w2, other.w3);
  }

  /** The IPv4 address whose 32 bits are `value`. */
  static v4(value: number): Address {
    return new Address(0, 0, MAPPED_WORD, value >>> 0);
  }

  setV4(value: number): void {
    this.w0 = 0;
    this.w1 = 0;
    this.w2 = MAPPED_WORD;
    this.w3 = value;
  }

  set(other: Address): void {
    this.w0 = other.w0;
    this.w1 = other.w1;
    this.w2 = other.w2;
    this.w3 = other.w3;
  }

  get isV4(): boolean {
    return this.w2 === MAPPED_WORD && this.w1 === 0 && this.w0 === 0;
  }

  equals(other: Address): boolean {
    return this.w3 === other.w3 && this.w2 === other.w2 && this.w1 === other.w1 && this.w0 === other.w0;
  }

  /** The canonical text: dotted quad, or RFC 5952 for IPv6. */
  toString(): string {
    return this.isV4 ? formatV4(this.w3) : formatV6(this);
  }
}

/** Parses an IPv4 or IPv6 address. Returns null for any other text; a zone identifier is not accepted. */
export function parseAddress(text: string): Address | null {
  if (text.includes(':')) return parseV6(text);
  const value = parseV4(text);
  return value === null ? null : Address.v4(value);
}

function formatV4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatV6(address: Address): string {
  const groups: number[] = [];
  for (const word of [address.w0, address.w1, address.w2, address.w3])
    groups.push(word >>> 16, word & 0xffff);
  const gap = longestZeroRun(groups);
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (gap.length < 2) return text(groups);
  return `${text(groups.slice(0, gap.start))}::${text(groups.slice(gap.start + gap.length))}`;
}

/** RFC 5952, section 4.2: `::` replaces the longest run of zero groups, or the first of several equally long runs. */
function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}

/** A strict dotted quad: four decimal numbers without leading zeros, which some parsers read as octal. */
function parseV4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  let value = 0;
  for (const part of match.slice(1)) {
    if ((part.length > 1 && part.startsWith('0')) || Number(part) > 255) return null;
    value = value * 256 + Number(part);
  }
  return value;
}

function parseV6(text: string): Address | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (index: number) => (((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0)) >>> 0;
  return new Address(word(0), word(2), word(4), word(6));
}

/** The 16-bit groups on one side of `::`. The last two may be written as a dotted quad. */
function parseGroups(text: string, mayEndInV4: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const value = mayEndInV4 && index === parts.length - 1 ? parseV4(part) : null;
    if (value === null) return null;
    groups.push(value >>> 16, value & 0xffff);
  }
  return groups;
}
