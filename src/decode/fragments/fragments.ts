import { PROTOCOL_SCTP, PROTOCOL_TCP } from '../../net/protocol.ts';
import { decodeIpv6Payload, isExtension } from '../network/ipv6.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { ipv4SumIsRight } from '../transport/checksum.ts';
import { decodeTransport } from '../transport/transport.ts';
import { DatagramTable, MAX_DATAGRAMS } from './fragments-table.ts';

/**
 * Octets that are kept of a datagram, from its start: far more than the header that a tiny first fragment lacks,
 * and the whole of a fragmented SYN, so that its sum can be checked. A sender of 64 KiB datagrams in small pieces
 * fills no more than this; with MAX_DATAGRAMS it is 64 KiB for all.
 */
export const KEPT_LENGTH = 64;

/** The unit of fragment offsets, in octets. */
const UNIT = 8;
const ALL_UNITS = (1 << (KEPT_LENGTH / UNIT)) - 1;

/**
 * Puts the beginnings of datagrams together whose first fragment does not hold the whole TCP or SCTP header
 * (design, section 5). A datagram is judged when it is there as far as it is kept: all of it, with its sum, or the first
 * KEPT_LENGTH octets of a longer one, without. Contradictions are resolved as Linux resolves them: what lies within
 * a run of known octets is a duplicate and ignored, anything else that overlaps drops the datagram (RFC 5722).
 *
 * UDP needs no help: a first fragment holds at least eight octets, its whole header.
 */
export class Reassembler {
  /** Over what is kept: the offsets of a packet that was put together count in it, until the next `take`. */
  readonly view: DataView;
  readonly #checkSums: boolean;
  readonly #table = new DatagramTable();
  readonly #octets = new Uint8Array(MAX_DATAGRAMS * KEPT_LENGTH);
  /** One bit for each unit that is there; and for each that did not come right behind all before it. */
  readonly #units = new Uint8Array(MAX_DATAGRAMS);
  readonly #runStarts = new Uint8Array(MAX_DATAGRAMS);
  /** Where the furthest fragment ends, and whether that is the end of the datagram. */
  readonly #end = new Uint32Array(MAX_DATAGRAMS);
  readonly #endIsKnown = new Uint8Array(MAX_DATAGRAMS);
  /** Octets from the start that no snap length cut. */
  readonly #captured = new Uint8Array(MAX_DATAGRAMS);
  /** What the first fragment says for all. */
  readonly #protocol = new Uint8Array(MAX_DATAGRAMS);
  readonly #ipOptions = new Uint8Array(MAX_DATAGRAMS);

  /** `checkSums`: whether a fragment whose IPv4 header sum is wrong is left out. */
  constructor(checkSums: boolean) {
    this.#checkSums = checkSums;
    this.view = new DataView(this.#octets.buffer);
  }

  /**
   * Takes a packet that was decoded with `Reason.fragment`, its octets in `view`, its time set. `Reason.none` when
   * it completes a datagram: then the packet is that datagram's, with its offsets in the view of this object.
   */
  take(view: DataView, packet: Packet): Reason {
    const { fragment } = packet;
    if (!isOfUse(packet)) return Reason.fragment;
    if (this.#checkSums && !ipv4SumIsRight(view, packet)) return Reason.ipChecksum;
    const odd = fragment.more ? fragment.length % UNIT : 0;
    // Linux cuts such a fragment of IPv4 down, and refuses that of IPv6 (RFC 8200, section 4.5).
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
    return this.#isThere(slot) ? this.#decode(slot, packet) : Reason.fragment;
  }

  #add(packet: Packet): number {
    const slot = this.#table.add(packet);
    this.#units[slot] = 0;
    this.#runStarts[slot] = 0;
    this.#end[slot] = 0;
    this.#endIsKnown[slot] = 0;
    this.#captured[slot] = KEPT_LENGTH;
    return slot;
  }

  #drop(slot: number): Reason {
    this.#table.remove(slot);
    return Reason.fragmentOverlap;
  }

  /** The last fragment says how long the datagram is; nothing may lie behind that, nor another last one elsewhere. */
  #acceptEnd(slot: number, end: number, more: boolean): boolean {
    const furthest = this.#end[slot] as number;
    if (!more && end < furthest) return false;
    if (this.#endIsKnown[slot] === 1 && end > furthest) return false;
    if (!more) this.#endIsKnown[slot] = 1;
    if (end > furthest) this.#end[slot] = end;
    return true;
  }

  /**
   * All of the units are there, and came in order. Linux takes for a duplicate only what lies within such a run; a
   * detector that was more patient would judge packets that this host drops.
   */
  #isInOneRun(slot: number, units: number): boolean {
    const within = units & ~lowest(units);
    return (
      ((this.#units[slot] as number) & units) === units && ((this.#runStarts[slot] as number) & within) === 0
    );
  }

  #keep(slot: number, end: number, view: DataView, packet: Packet): void {
    const { offset, start, captured, protocol } = packet.fragment;
    const kept = Math.min(end, KEPT_LENGTH) - offset;
    const copied = Math.min(kept, captured);
    const at = slot * KEPT_LENGTH + offset;
    for (let index = 0; index < copied; index++) this.#octets[at + index] = view.getUint8(start + index);
    if (copied < kept) this.#captured[slot] = Math.min(this.#captured[slot] as number, offset + copied);
    if (offset > 0) return;
    this.#protocol[slot] = protocol;
    this.#ipOptions[slot] = packet.ipOptions ? 1 : 0;
  }

  #isThere(slot: number): boolean {
    const needed = this.#isWhole(slot) ? unitsOf(0, this.#end[slot] as number) : ALL_UNITS;
    return ((this.#units[slot] as number) & needed) === needed;
  }

  /** The datagram is no longer than what is kept of it. */
  #isWhole(slot: number): boolean {
    return this.#endIsKnown[slot] === 1 && (this.#end[slot] as number) <= KEPT_LENGTH;
  }

  #decode(slot: number, packet: Packet): Reason {
    this.#table.remove(slot);
    const start = slot * KEPT_LENGTH;
    const length = this.#end[slot] as number;
    packet.protocol = this.#protocol[slot] as number;
    packet.ipOptions = this.#ipOptions[slot] === 1;
    // Each fragment has had a header of its own, whose sum was checked when it came.
    packet.ipv4HeaderLength = 0;
    packet.transportOffset = start;
    packet.transportLength = length;
    // What is whole is decoded as strictly as any packet, and its sum can be checked.
    packet.fragmented = !this.#isWhole(slot);
    const end = start + Math.min(length, this.#captured[slot] as number);
    const decode = packet.family === 4 ? decodeTransport : decodeIpv6Payload;
    const reason = decode(this.view, end, packet);
    packet.fragmented = true;
    return reason;
  }
}

/**
 * Whether the fragment may hold a part of a TCP or SCTP header. Over IPv6 only the first one's next header counts (RFC 8200,
 * section 4.5), and the TCP header may stand behind others.
 */
function isOfUse({ family, fragment: { offset, protocol } }: Packet): boolean {
  if (offset >= KEPT_LENGTH) return false;
  if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_SCTP) return true;
  return family === 6 && (offset > 0 || isExtension(protocol));
}

/** The units that the octets from `offset` to `end` touch, as far as they are kept. */
function unitsOf(offset: number, end: number): number {
  const first = offset / UNIT;
  const last = Math.ceil(Math.min(end, KEPT_LENGTH) / UNIT);
  return ((1 << last) - 1) & ~((1 << first) - 1);
}

/** The lowest bit that is set. */
function lowest(units: number): number {
  return units & -units;
}
