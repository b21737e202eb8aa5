import { Address } from '../net/address.ts';

/** Senders that are followed. More than that are no capture of one sender's own packets. */
const MAX_SENDERS = 64;

/** A sender whose checksums are all wrong, and how many of its packets could have been probes. */
export interface WrongSender {
  readonly address: Address;
  count: number;
}

/**
 * Senders whose checksums are all wrong. A capture made on the sender has packets whose checksums its network card
 * was to fill in.
 */
export class WrongChecksums {
  readonly #senders: WrongSender[] = [];
  /** Senders of some wrong and some right checksums. */
  readonly #mixed: Address[] = [];

  /** Notes a wrong checksum; `hadRight` says whether a packet of the sender was right before. */
  noteWrong(source: Address, hadRight: (source: Address) => boolean): void {
    const known = this.#senders.find(({ address }) => address.equals(source));
    if (known !== undefined) known.count++;
    else if (this.#senders.length + this.#mixed.length < MAX_SENDERS && !this.#isMixed(source)) {
      if (hadRight(source)) this.#mixed.push(Address.from(source));
      else this.#senders.push({ address: Address.from(source), count: 1 });
    }
  }

  /** Notes a right checksum. */
  noteRight(source: Address): void {
    if (this.#senders.length === 0) return;
    const at = this.#senders.findIndex(({ address }) => address.equals(source));
    if (at < 0) return;
    this.#senders.splice(at, 1);
    this.#mixed.push(Address.from(source));
  }

  /** The senders in the order in which they came. */
  get senders(): readonly WrongSender[] {
    return this.#senders;
  }

  /** Forgets everything, because the captures are read once more. */
  clear(): void {
    this.#senders.length = 0;
    this.#mixed.length = 0;
  }

  #isMixed(source: Address): boolean {
    return this.#mixed.some((address) => address.equals(source));
  }
}
