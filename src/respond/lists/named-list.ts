import type { ListEntry } from '../../firewall/lists/entry.ts';
import type { Address } from '../../net/address.ts';
import { formatPrefix, PrefixTable } from '../../net/prefix.ts';

/** One member of a list, and what the list says of it. */
export interface ListMember extends ListEntry {
  /** One line, such as who decided it and why; null when the list says nothing. */
  readonly note: string | null;
}

/** Where a list comes from: `loaded` by an administrator, or `shared` by the engine that this host asks. */
export type ListOrigin = 'loaded' | 'shared';

/** A list of addresses and networks that are shut out without having done anything to this host. */
export class NamedList {
  readonly name: string;
  readonly origin: ListOrigin;
  /** Where its members were read, one line; null when unknown. */
  note: string | null = null;
  /** When it was replaced last, ms since the epoch. */
  loadedAt: number;
  #members = new Map<string, ListMember>();
  #table = new PrefixTable<ListMember>();
  /** No member ends before, ms since the epoch: a list of 200,000 is not looked through each second. */
  #firstEnd = Number.POSITIVE_INFINITY;

  constructor(name: string, origin: ListOrigin, loadedAt: number) {
    this.name = name;
    this.origin = origin;
    this.loadedAt = loadedAt;
  }

  get size(): number {
    return this.#members.size;
  }

  /** The members, in the order in which they came. */
  members(): Iterable<ListMember> {
    return this.#members.values();
  }

  /** The member with the longest prefix that contains the address; undefined when none does. */
  match(address: Address): ListMember | undefined {
    return this.#table.match(address);
  }

  /** The member with exactly this prefix, as canonical text. */
  get(target: string): ListMember | undefined {
    return this.#members.get(target);
  }

  /** Adds a member, or replaces that with the same prefix. */
  set(member: ListMember): void {
    this.#members.set(formatPrefix(member.prefix), member);
    this.#table.set(member.prefix, member);
    if (member.until !== null) this.#firstEnd = Math.min(this.#firstEnd, member.until);
  }

  /** Removes a member by its canonical text; undefined when there is none. */
  delete(target: string): ListMember | undefined {
    const member = this.#members.get(target);
    if (member === undefined) return undefined;
    this.#members.delete(target);
    this.#table.delete(member.prefix);
    return member;
  }

  /** Replaces all members. */
  replace(members: Iterable<ListMember>): void {
    this.#members = new Map();
    this.#table = new PrefixTable();
    this.#firstEnd = Number.POSITIVE_INFINITY;
    for (const member of members) this.set(member);
  }

  /** Removes the members that have ended, and returns them; `now` in ms since the epoch. */
  takeEnded(now: number): ListMember[] {
    if (now < this.#firstEnd) return [];
    this.#firstEnd = Number.POSITIVE_INFINITY;
    const ended: ListMember[] = [];
    for (const member of this.#members.values()) {
      if (member.until === null) continue;
      if (member.until <= now) ended.push(member);
      else this.#firstEnd = Math.min(this.#firstEnd, member.until);
    }
    for (const { prefix } of ended) this.delete(formatPrefix(prefix));
    return ended;
  }
}
