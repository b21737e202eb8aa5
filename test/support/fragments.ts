/** Fragments of datagrams for tests. Each is a whole IP packet, of either family. */
import { concat, type Ends, ipv4, ipv6, u16 } from './frames.ts';

/** The fields that make a packet a fragment. */
export interface FragmentFields {
  /** In octets, a multiple of 8. */
  offset: number;
  more: boolean;
  identification?: number;
  /** Options of the IPv4 header. */
  options?: Uint8Array;
  /** A wrong sum of the IPv4 header. */
  checksum?: number;
}

/** One fragment: `octets` of a datagram's payload, from `offset` on. `protocol` is the next header over IPv6. */
export function fragment(
  ends: Ends,
  protocol: number,
  octets: Uint8Array,
  fields: FragmentFields,
): Uint8Array {
  const { offset, more, identification = 0x1234, ...ip } = fields;
  if (!ends.destination.includes(':')) {
    return ipv4(ends, protocol, octets, {
      ...ip,
      identification,
      fragmentOffset: offset,
      moreFragments: more,
    });
  }
  const id = concat(u16(identification >>> 16), u16(identification & 0xffff));
  const header = concat(new Uint8Array([protocol, 0]), u16(offset | (more ? 1 : 0)), id);
  return ipv6(ends, 44, concat(header, octets));
}

/** All fragments of a datagram, in order. Each of the offsets `cuts` (multiples of 8, ascending) begins one. */
export function fragmentsAt(
  ends: Ends,
  protocol: number,
  payload: Uint8Array,
  cuts: readonly number[],
  fields: Partial<FragmentFields> = {},
): Uint8Array[] {
  const offsets = [0, ...cuts];
  return offsets.map((offset, index) => {
    const end = offsets[index + 1] ?? payload.length;
    return fragment(ends, protocol, payload.subarray(offset, end), {
      ...fields,
      offset,
      more: end < payload.length,
    });
  });
}

/** All fragments of a datagram, in order, of `size` octets (a multiple of 8) and a rest, as nmap --mtu makes them. */
export function fragmentsOf(
  ends: Ends,
  protocol: number,
  payload: Uint8Array,
  size: number,
  fields: Partial<FragmentFields> = {},
): Uint8Array[] {
  const cuts = Array.from({ length: Math.ceil(payload.length / size) - 1 }, (_, index) => (index + 1) * size);
  return fragmentsAt(ends, protocol, payload, cuts, fields);
}
