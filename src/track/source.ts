import { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Evidence } from './evidence.ts';
import { Marks } from './marks.ts';
import type { Members } from './members.ts';
import type { ScannedRange } from './ranges.ts';
import { Reported } from './reported.ts';
import { type SourceNetworks, WHOLE_ADDRESS } from './source-networks.ts';
import type { SourceRecords } from './source-records.ts';

/** Targets of a scan that are reported by name. */
export const MAX_TARGET_NAMES = 16;

/**
 * A source of probes, with one address or several of a network: a view of its slot's record, and what a source that
 * triggered needs. It is reused when the slot changes hands: asynchronous callers look it up again by address.
 */
export class Source {
  /** Failed blocks in a row, and the time of the probe that caused the last one (ms since the epoch). */
  failures = 0;
  lastFailure = 0;
  readonly reported = new Reported();
  readonly marks: Marks;
  readonly #records: SourceRecords;
  #slot: number;
  readonly #networks: SourceNetworks;

  constructor(records: SourceRecords, members: Members, slot: number, networks: SourceNetworks) {
    this.marks = new Marks(members, slot);
    this.#records = records;
    this.#slot = slot;
    this.#networks = networks;
  }

  /** A copy of the address, the first of the scan if there are several. */
  get address(): Address {
    const address = new Address();
    this.#records.readAddress(this.#slot, address);
    return address;
  }

  /** The time of the last probe, in ms since the epoch. */
  get lastSeen(): number {
    return this.#records.lastSeen(this.#slot);
  }

  /** Attempts that count towards SCAN_TRIGGER; a repeated attempt counts once. */
  get connects(): number {
    return this.#records.connects(this.#slot);
  }

  // The current scan. It ends when the source has been quiet for a while; then a new one may begin.

  /** Whether it comes from several addresses of one IPv6 network (BLOCK_IPV6_PREFIX). */
  get hasSeveralAddresses(): boolean {
    return !this.address.isV4 && this.#records.hasSeveralAddresses(this.#slot);
  }

  /** The network when it comes from several addresses, otherwise the one address. */
  get prefix(): Prefix {
    const { address } = this;
    return this.hasSeveralAddresses ? this.#networks.prefixOf(address) : { address, length: WHOLE_ADDRESS };
  }

  /** The time of the first probe, in ms since the epoch. */
  get firstSeen(): number {
    return this.#records.firstSeen(this.#slot);
  }

  /** All probes, repeats included. */
  get probes(): number {
    return this.#records.probes(this.#slot);
  }

  /** Different (protocol, port) pairs. */
  get ports(): number {
    return this.#records.ports(this.#slot);
  }

  /** Whether there may be more ports than `ports` counts. */
  get hasMorePorts(): boolean {
    return this.#records.hasMorePorts(this.#slot);
  }

  /** The ports, in order for each transport. */
  get ranges(): ScannedRange[] {
    return this.#records.ranges(this.#slot);
  }

  /** The addresses of ours that it probed, MAX_TARGET_NAMES at most. */
  get targetNames(): string[] {
    return [...this.#records.targetAddresses(this.#slot, MAX_TARGET_NAMES)].map(String);
  }

  /** Different addresses of ours; of the first 65,536 that anybody probed. */
  get targets(): number {
    return this.#records.targets(this.#slot);
  }

  /** A mask with bit `1 << Kind` for each kind seen. */
  get kinds(): number {
    return this.#records.kinds(this.#slot);
  }

  /** How hard it is to forge what is known of one of its addresses. */
  evidenceOf(address: Address): Evidence {
    const proof = this.marks.proofOf(address);
    if (proof !== null) return proof;
    if (this.connects < 2 || this.marks.group !== null) return 'spoofable';
    const isNetwork = !address.isV4 && this.#records.hasSeveralAddresses(this.#slot);
    return isNetwork && !this.#records.hasAddressThatCameBack(this.#slot) ? 'spoofable' : 'repeated';
  }

  /** Becomes a view of another slot's record, without any other state. */
  turnTo(slot: number): this {
    this.#slot = slot;
    this.marks.turnTo(slot);
    this.reset();
    return this;
  }

  /** Forgets all state, because the slot changed hands. */
  reset(): void {
    this.failures = 0;
    this.lastFailure = 0;
    this.reported.endScan();
    this.reported.reset();
    this.marks.reset();
  }
}
