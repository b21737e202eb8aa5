import { parsePrefix } from '../../src/net/prefix.ts';

/** What a record may have. */
export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [name: string]: MmdbValue };

/** The types of the format (MaxMind DB 2.0, "Output Data Section"). Those from 8 on need a second octet. */
const Type = { text: 2, uint16: 5, uint32: 6, map: 7, uint64: 9, array: 11 } as const;

const MARKER = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')]);
const SEPARATOR = Buffer.alloc(16);
const RECORD_BITS = 24;
const V4_BITS = 32;

interface Node {
  readonly next: [Node | number | null, Node | number | null];
}

/**
 * A database in MaxMind's format, of these prefixes and their records. `ipVersion` 4 has a tree of IPv4 addresses alone. A
 * longer prefix must come after a shorter one that contains it.
 */
export function mmdb(
  type: string,
  records: Readonly<Record<string, MmdbValue>>,
  ipVersion: 4 | 6 = 6,
): Buffer {
  const root: Node = { next: [null, null] };
  const data: Buffer[] = [];
  let offset = 0;
  for (const [text, record] of Object.entries(records)) {
    insert(root, bitsOf(text, ipVersion), offset);
    const bytes = encode(record);
    data.push(bytes);
    offset += bytes.length;
  }
  const nodes: Node[] = [];
  number(root, nodes);
  const tree = Buffer.concat(nodes.map((node) => nodeBytes(node, nodes)));
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_795_000_000,
    database_type: type,
    description: { en: 'made by a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: RECORD_BITS,
  });
  return Buffer.concat([tree, SEPARATOR, ...data, MARKER, metadata]);
}

/** In a tree of both families, IPv4 addresses lie in ::/96. */
function bitsOf(text: string, ipVersion: 4 | 6): number[] {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`not a prefix: ${text}`);
  const { address, length } = prefix;
  const words = address.isV4 ? [0, 0, 0, address.w3] : [address.w0, address.w1, address.w2, address.w3];
  const bits = words.flatMap((word) => Array.from({ length: 32 }, (_, at) => (word >>> (31 - at)) & 1));
  return ipVersion === 6 ? bits.slice(0, length) : bits.slice(-V4_BITS).slice(0, length - 128 + V4_BITS);
}

function insert(root: Node, bits: readonly number[], value: number): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    let next = node.next[bit] as Node | number | null;
    if (next === null || typeof next === 'number') {
      // A longer prefix inside a shorter one: both halves begin with its record.
      next = { next: [next, next] };
      node.next[bit] = next;
    }
    node = next;
  }
  node.next[bits.at(-1) as number] = value;
}

function number(node: Node, nodes: Node[]): void {
  nodes.push(node);
  for (const next of node.next) if (next !== null && typeof next !== 'number') number(next, nodes);
}

function nodeBytes({ next }: Node, nodes: readonly Node[]): Buffer {
  const bytes = Buffer.alloc((2 * RECORD_BITS) / 8);
  for (const [side, value] of next.entries()) {
    const record =
      value === null
        ? nodes.length
        : typeof value === 'number'
          ? nodes.length + SEPARATOR.length + value
          : nodes.indexOf(value);
    bytes.writeUIntBE(record, (side * RECORD_BITS) / 8, RECORD_BITS / 8);
  }
  return bytes;
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') return withHead(Type.text, Buffer.byteLength(value), Buffer.from(value));
  if (typeof value === 'number') return encodeNumber(value);
  if (Array.isArray(value)) return withHead(Type.array, value.length, ...value.map(encode));
  const entries = Object.entries(value as Record<string, MmdbValue>);
  return withHead(Type.map, entries.length, ...entries.flatMap(([name, of]) => [encode(name), encode(of)]));
}

function encodeNumber(value: number): Buffer {
  const type = value < 65_536 ? Type.uint16 : value < 2 ** 32 ? Type.uint32 : Type.uint64;
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  const used = bytes.subarray(bytes.findIndex((octet) => octet !== 0));
  return withHead(type, value === 0 ? 0 : used.length, value === 0 ? Buffer.alloc(0) : used);
}

/** The control octets: the type, and a size of up to 65,820. */
function withHead(type: number, size: number, ...content: readonly Buffer[]): Buffer {
  const [first, more] =
    size < 29 ? [size, []] : size < 285 ? [29, [size - 29]] : [30, [(size - 285) >> 8, (size - 285) & 0xff]];
  const types = type < 8 ? [(type << 5) | first] : [first, type - 7];
  return Buffer.concat([Buffer.from([...types, ...more]), ...content]);
}
