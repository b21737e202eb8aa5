import { PROTOCOL_SCTP, PROTOCOL_TCP } from '../../net/protocol.ts';
import { decodeIpv6Payload, isExtension } from '../network/ipv6.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { type ChecksumRule, ipv4SumIsRight } from '../transport/checksum.ts';
import { decodeTransport } from '../transport/transport.ts';
import { DatagramTable, MAX_DATAGRAMS } from './fragments-table.ts';

/**
 * Octets kept from the start of each datagram. This is far more than the header that a tiny first fragment lacks, and
 * it holds a whole fragmented SYN, so that its checksum can be verified. Together with MAX_DATAGRAMS it bounds the
 * memory to 64 KiB, whatever a sender of large datagrams in small pieces does.
 */
export const KEPT_OCTETS = 64;

/** Octets per unit of a fragment offset. */
const UNIT_OCTETS = 8;
const ALL_UNITS = (1 << (KEPT_OCTETS / UNIT_OCTETS)) - 1;

/**
 * Reassembles the start of each datagram whose first fragment does not hold the whole TCP or SCTP header. A datagram
 * is judged when its kept part is complete: a short one whole, with its checksum; a longer one by its first
 * KEPT_OCTETS, without. Contradictions are resolved as in Linux: a fragment within a run of known octets is a
 * duplicate and ignored; any other overlap drops the datagram (RFC 5722).
 *
 * UDP needs no reassembly: a first fragment holds at least eight octets, its whole header.
 */
export class Reassembler {
  /** A view over the kept octets. The offsets in a reassembled packet refer to it until the next call of `take`. */
  readonly view: DataView;
  readonly #rule: ChecksumRule;
  readonly #table = new DatagramTable();
  readonly #octets = new Uint8Array(MAX_DATAGRAMS * KEPT_OCTETS);
  /** One bit for each unit present, and one for each fragment that did not arrive right behind all octets before it. */
  readonly #units = new Uint8Array(MAX_DATAGRAMS);
  readonly #runStarts = new Uint8Array(MAX_DATAGRAMS);
  /** Where the furthest fragment ends, and whether the datagram ends there. */
  readonly #end = new Uint32Array(MAX_DATAGRAMS);
  readonly #endIsKnown = new Uint8Array(MAX_DATAGRAMS);
  /** Octets from the start that the snap length did not cut. */
  readonly #captured = new Uint8Array(MAX_DATAGRAMS);
  /** From the first fragment, valid for the whole datagram. */
  readonly #protocol = new Uint8Array(MAX_DATAGRAMS);
  readonly #ipOptions = new Uint8Array(MAX_DATAGRAMS);

  /** A fragment with an IPv4 header checksum that `rule` finds wrong is ignored. */
  constructor(rule: ChecksumRule) {
    this.#rule = rule;
    this.view = new DataView(this.#octets.buffer);
  }

  /**
   * Takes a packet decoded with `Reason.fragment`; its octets are in `view` and its time is set. Returns
   * `Reason.none` when it completes a datagram: the packet then describes that datagram, with offsets into
   * `this.view`.
   */
  take(view: DataView, packet: Packet): Reason {
    const { fragment } = packet;
    if (!isOfUse(packet)) return Reason.fragment;
    if (!ipv4SumIsRight(view, packet, this.#rule)) return Reason.ipChecksum;
    const odd = fragment.more ? fragment.length % UNIT_OCTETS : 0;
    // Linux trims such a fragment over IPv4, and rejects it over IPv6 (RFC 8200, section 4.5).
    if (odd !== 0 && packet.family === 6) return Reason.ipLength;
    const end = fragment.offset + fragment.length - odd;

    const found = this.#table.find(packet);
    const slot = found >= 0 ? found : this.#add(packet);
    const furthest = this.#end[slot] as number;
    if (end === fragment.offset || !this.#acceptEnd(slot, end, fragment.more)) return this.#drop(slot);
    const units = unitsOf(fragment.offset, end);
    if (((this.#units[slot] as number) & units) !== 0) {
      return this.#isInOneRun(slot, units) ? Reason.fragment : this.#drop(slot);
    }
    this.#units[slot] = (this.#units[slot] as number) | units;
    if (fragment.offset !== furthest) {
      this.#runStarts[slot] = (this.#runStarts[slot] as number) | lowest(units);
    }
    this.#keep(slot, end, view, packet);
    return this.#isComplete(slot) ? this.#decode(slot, packet) : Reason.fragment;
  }

  #add(packet: Packet): number {
    const slot = this.#table.add(packet);
    this.#units[slot] = 0;
    this.#runStarts[slot] = 0;
    this.#end[slot] = 0;
    this.#endIsKnown[slot] = 0;
    this.#captured[slot] = KEPT_OCTETS;
    return slot;
  }

  #drop(slot: number): Reason {
    this.#table.remove(slot);
    return Reason.fragmentOverlap;
  }

  /** The last fragment fixes the datagram's length: no fragment may end behind it, and no other last one elsewhere. */
  #acceptEnd(slot: number, end: number, more: boolean): boolean {
    const furthest = this.#end[slot] as number;
    if (!more && end < furthest) return false;
    if (this.#endIsKnown[slot] === 1 && end > furthest) return false;
    if (!more) this.#endIsKnown[slot] = 1;
    if (end > furthest) this.#end[slot] = end;
    return true;
  }

  /**
   * Whether all units are present and arrived in order. Linux treats a fragment as a duplicate only within such a
   * run; a more lenient detector would judge packets that this host drops.
   */
  #isInOneRun(slot: number, units: number): boolean {
    const within = units & ~lowest(units);
    return (
      ((this.#units[slot] as number) & units) === units && ((this.#runStarts[slot] as number) & within) === 0
    );
  }

  #keep(slot: number, end: number, view: DataView, packet: Packet): void {
    const { offset, start, captured, protocol } = packet.fragment;
    const kept = Math.min(end, KEPT_OCTETS) - offset;
    const copied = Math.min(kept, captured);
    const at = slot * KEPT_OCTETS + offset;
    for (let index = 0; index < copied; index++) this.#octets[at + index] = view.getUint8(start + index);
    if (copied < kept) this.#captured[slot] = Math.min(this.#captured[slot] as number, offset + copied);
    if (offset > 0) return;
    this.#protocol[slot] = protocol;
    this.#ipOptions[slot] = packet.ipOptions ? 1 : 0;
  }

  #isComplete(slot: number): boolean {
    const needed = this.#isWhole(slot) ? unitsOf(0, this.#end[slot] as number) : ALL_UNITS;
    return ((this.#units[slot] as number) & needed) === needed;
  }

  /** Whether the datagram fits into the kept octets. */
  #isWhole(slot: number): boolean {
    return this.#endIsKnown[slot] === 1 && (this.#end[slot] as number) <= KEPT_OCTETS;
  }

  #decode(slot: number, packet: Packet): Reason {
    this.#table.remove(slot);
    const start = slot * KEPT_OCTETS;
    const length = this.#end[slot] as number;
    packet.protocol = this.#protocol[slot] as number;
    packet.ipOptions = this.#ipOptions[slot] === 1;
    // The IPv4 header of each fragment was checked on arrival.
    packet.ipv4HeaderLength = 0;
    packet.transportOffset = start;
    packet.transportLength = length;
    // A whole datagram is decoded as strictly as any packet, and its checksum can be verified.
    packet.fragmented = !this.#isWhole(slot);
    const end = start + Math.min(length, this.#captured[slot] as number);
    const decode = packet.family === 4 ? decodeTransport : decodeIpv6Payload;
    const reason = decode(this.view, end, packet);
    packet.fragmented = true;
    return reason;
  }
}

/**
 * Whether the fragment may hold part of a TCP or SCTP header. Over IPv6 only the next header of the first fragment
 * counts (RFC 8200, section 4.5), and the TCP header may follow other headers.
 */
function isOfUse({ family, fragment: { offset, protocol } }: Packet): boolean {
  if (offset >= KEPT_OCTETS) return false;
  if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_SCTP) return true;
  return family === 6 && (offset > 0 || isExtension(protocol));
}

/** A bit mask of the kept units that the octets from `offset` to `end` touch. */
function unitsOf(offset: number, end: number): number {
  const first = offset / UNIT_OCTETS;
  const last = Math.ceil(Math.min(end, KEPT_OCTETS) / UNIT_OCTETS);
  return ((1 << last) - 1) & ~((1 << first) - 1);
}

/** The lowest bit that is set. */
function lowest(units: number): number {
  return units & -units;
}
