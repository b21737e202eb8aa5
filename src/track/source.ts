import { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Evidence } from './evidence.ts';
import { Marks } from './marks.ts';
import type { Members } from './members.ts';
import type { ScannedRange } from './ranges.ts';
import { Reported } from './reported.ts';
import { type SourceNetworks, WHOLE_ADDRESS } from './source-networks.ts';
import type { SourceRecords } from './source-records.ts';
import { Count, type SourceState, Wide } from './source-state.ts';

/** Targets of a scan that are reported by name. */
export const MAX_TARGET_NAMES = 16;

/** What a table knows of its sources, by slot. */
export interface SourceParts {
  readonly records: SourceRecords;
  readonly state: SourceState;
  readonly members: Members;
  readonly networks: SourceNetworks;
}

/**
 * A source of probes, with one address or several of a network: a view of what is known by its slot. The slot may change
 * hands, so asynchronous callers look the source up again by its address.
 */
export class Source {
  readonly #parts: SourceParts;
  readonly #slot: number;

  constructor(parts: SourceParts, slot: number) {
    this.#parts = parts;
    this.#slot = slot;
  }

  get reported(): Reported {
    return new Reported(this.#parts.state, this.#slot);
  }

  get marks(): Marks {
    return new Marks(this.#parts.state, this.#parts.members, this.#slot);
  }

  /** Failed blocks in a row. */
  get failures(): number {
    return this.#parts.state.count(this.#slot, Count.failures);
  }

  set failures(failures: number) {
    this.#parts.state.setCount(this.#slot, Count.failures, failures);
  }

  /** The time of the probe that caused the last failed block, in ms since the epoch. */
  get lastFailure(): number {
    return this.#parts.state.wide(this.#slot, Wide.lastFailure);
  }

  set lastFailure(time: number) {
    this.#parts.state.setWide(this.#slot, Wide.lastFailure, time);
  }

  /** A copy of the address, the first of the scan if there are several. */
  get address(): Address {
    const address = new Address();
    this.#parts.records.readAddress(this.#slot, address);
    return address;
  }

  /** The time of the last probe, in ms since the epoch. */
  get lastSeen(): number {
    return this.#parts.records.lastSeen(this.#slot);
  }

  /** Attempts that count towards SCAN_TRIGGER; a repeated attempt counts once. */
  get connects(): number {
    return this.#parts.records.connects(this.#slot);
  }

  // The current scan. It ends when the source has been quiet for a while; then a new one may begin.

  /** Whether it comes from several addresses of one IPv6 network (BLOCK_IPV6_PREFIX). */
  get hasSeveralAddresses(): boolean {
    return !this.address.isV4 && this.#parts.records.hasSeveralAddresses(this.#slot);
  }

  /** The network when it comes from several addresses, otherwise the one address. */
  get prefix(): Prefix {
    const { address } = this;
    return this.hasSeveralAddresses
      ? this.#parts.networks.prefixOf(address)
      : { address, length: WHOLE_ADDRESS };
  }

  /** The time of the first probe, in ms since the epoch. */
  get firstSeen(): number {
    return this.#parts.records.firstSeen(this.#slot);
  }

  /** All probes, repeats included. */
  get probes(): number {
    return this.#parts.records.probes(this.#slot);
  }

  /** Different (protocol, port) pairs. */
  get ports(): number {
    return this.#parts.records.ports(this.#slot);
  }

  /** Whether there may be more ports than `ports` counts. */
  get hasMorePorts(): boolean {
    return this.#parts.records.hasMorePorts(this.#slot);
  }

  /** The ports, in order for each transport. */
  get ranges(): ScannedRange[] {
    return this.#parts.records.ranges(this.#slot);
  }

  /** The addresses of ours that it probed, MAX_TARGET_NAMES at most. */
  get targetNames(): string[] {
    return [...this.#parts.records.targetAddresses(this.#slot, MAX_TARGET_NAMES)].map(String);
  }

  /** Different addresses of ours; of the first 65,536 that anybody probed. */
  get targets(): number {
    return this.#parts.records.targets(this.#slot);
  }

  /** A mask with bit `1 << Kind` for each kind seen. */
  get kinds(): number {
    return this.#parts.records.kinds(this.#slot);
  }

  /** How hard it is to forge what is known of one of its addresses. */
  evidenceOf(address: Address): Evidence {
    const proof = this.marks.proofOf(address);
    if (proof !== null) return proof;
    if (this.connects < 2 || this.marks.group !== null) return 'spoofable';
    const isNetwork = !address.isV4 && this.#parts.records.hasSeveralAddresses(this.#slot);
    return isNetwork && !this.#parts.records.hasAddressThatCameBack(this.#slot) ? 'spoofable' : 'repeated';
  }
}
