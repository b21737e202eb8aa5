import { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Evidence } from './evidence.ts';
import { Marks } from './marks.ts';
import { type SourceNetworks, WHOLE_ADDRESS } from './source-networks.ts';
import type { SourceRecords } from './source-records.ts';
import { Told } from './told.ts';

/**
 * What is known of one who knocked, by one address or by several of a network: a view of its slot's record, and what only those need who triggered.
 * It is reused when the slot changes hands: whoever waits for something keeps the address and asks again.
 */
export class Source {
  /** Failed blocks in a row, and when the probe came that caused the last one (ms). */
  failures = 0;
  lastFailure = 0;
  readonly told = new Told();
  readonly marks = new Marks();
  readonly #records: SourceRecords;
  #slot: number;
  readonly #networks: SourceNetworks;

  constructor(records: SourceRecords, slot: number, networks: SourceNetworks) {
    this.#records = records;
    this.#slot = slot;
    this.#networks = networks;
  }

  /** A copy; of several addresses the first one of the scan. */
  get address(): Address {
    const address = new Address();
    this.#records.readAddress(this.#slot, address);
    return address;
  }

  /** The last probe, in ms since the epoch. */
  get lastSeen(): number {
    return this.#records.lastSeen(this.#slot);
  }

  /** Attempts that count towards SCAN_TRIGGER: the same one sent again is one. */
  get connects(): number {
    return this.#records.connects(this.#slot);
  }

  // The scan that is going on. It ends when the source has been quiet for a while; then a new one may begin.

  /** Whether it came from several addresses of one IPv6 network (BLOCK_IPV6_PREFIX). */
  get hasSeveralAddresses(): boolean {
    return !this.address.isV4 && this.#records.several(this.#slot);
  }

  /** The network when it came from several addresses, else the one address. */
  get prefix(): Prefix {
    const { address } = this;
    return this.hasSeveralAddresses ? this.#networks.prefixOf(address) : { address, length: WHOLE_ADDRESS };
  }

  /** The first probe, in ms since the epoch. */
  get firstSeen(): number {
    return this.#records.firstSeen(this.#slot);
  }

  /** All probes, repeats included. */
  get probes(): number {
    return this.#records.probes(this.#slot);
  }

  /** Different (protocol, port) pairs; beyond what is remembered, an upper estimate. */
  get ports(): number {
    return this.#records.ports(this.#slot);
  }

  /** Different addresses of ours; beyond what is remembered, an upper estimate. */
  get targets(): number {
    return this.#records.targets(this.#slot);
  }

  /** Bit `1 << Kind` for each kind seen. */
  get kinds(): number {
    return this.#records.kinds(this.#slot);
  }

  /** How easily what it did can be forged. */
  get evidence(): Evidence {
    if (this.marks.handshake) return 'handshake';
    return this.connects > 1 && this.marks.group === null ? 'answered' : 'spoofable';
  }

  /** Becomes a view of another slot's record, of which nothing else is known. */
  turnTo(slot: number): this {
    this.#slot = slot;
    this.reset();
    return this;
  }

  /** The slot has changed hands. */
  reset(): void {
    this.failures = 0;
    this.lastFailure = 0;
    this.told.endScan();
    this.told.reset();
    this.marks.reset();
  }
}
