import type { Failure } from '../commands/failure.ts';
import type { Answer } from '../control/handlers.ts';
import type { ListInfo, ListMatch } from '../control/lists.ts';
import { ListTable } from '../firewall/lists/list-table.ts';
import { MAX_LIST_ENTRIES, MAX_LISTS } from '../firewall/lists/names.ts';
import type { Changes } from '../firewall/lists/script.ts';
import { SerialQueue } from '../firewall/serial-queue.ts';
import type { Address } from '../net/address.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import { counted } from '../record/counted.ts';
import { admit, type Refused } from '../respond/lists/admission.ts';
import { type ListMember, NamedList } from '../respond/lists/named-list.ts';
import { PrefixLengths } from '../respond/lists/prefix-lengths.ts';
import type { NeverBlock } from '../respond/never-block.ts';
import type { SteadyClock } from './clock.ts';
import { readLists, removeList, writeList } from './list-files.ts';

/** How often the table is looked at, because other programs flush it. */
const VERIFY_INTERVAL_MS = 60_000;

/** Refused members that an answer names. */
const MAX_NAMED = 20;

/** What the lists work with. */
export interface ListsParts {
  readonly never: Pick<NeverBlock, 'ruleAgainstListing'>;
  /** The prefixes that pass whatever is listed, as canonical text. */
  readonly passing: () => readonly string[];
  /** STATE_DIR; null when nothing is written. */
  readonly stateDir: () => string | null;
  readonly dryRun: boolean;
  readonly clock: Pick<SteadyClock, 'now' | 'toWall'>;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** How a list was replaced or changed. */
export interface ListResult {
  /** null when it is in force. */
  readonly failure: Failure;
  readonly refused: readonly Refused[];
}

/**
 * The named lists of a live run: those that an administrator loads, which survive a restart, and those that another part
 * of the program keeps (`origin` is `shared`), which do not.
 */
export class Lists {
  readonly #parts: ListsParts;
  readonly #lists = new Map<string, NamedList>();
  readonly #table: ListTable;
  /** One order after the other: a list is judged, put in force and written before the next one is looked at. */
  readonly #orders = new SerialQueue();
  #lastVerifyMs = 0;
  /** What the table was told to let pass; null when that is not known. */
  #spared: string | null = null;
  #trouble: Failure = null;

  constructor(parts: ListsParts) {
    this.#parts = parts;
    this.#table = new ListTable({
      now: parts.clock.now,
      entriesOf: (name) => this.#lists.get(name)?.members() ?? [],
    });
  }

  /** Puts the lists of a former run in force. Says what does not work, and never rejects. */
  async start(): Promise<void> {
    const { stateDir, dryRun, tell } = this.#parts;
    this.#lastVerifyMs = this.#parts.clock.now();
    const folder = stateDir();
    if (dryRun || folder === null) return;
    await this.#orders.run(() => this.#restore(folder, tell));
  }

  async #restore(folder: string, tell: (text: string) => void): Promise<void> {
    const stored = readLists(folder);
    // What a killed run has left of shared lists must not stay.
    if (stored.length === 0) {
      await this.#table.clear();
      return;
    }
    await this.#spare();
    for (const { name, loadedAt, note, prefixes } of stored) {
      const { failure, refused } = await this.#load(name, prefixes, note, loadedAt);
      if (failure !== null) tell(`The list ${name} is not in force: ${failure}.`);
      else if (refused.length > 0)
        tell(`The list ${name} is in force without ${refused.length} of its entries, ${reasonsOf(refused)}.`);
    }
  }

  /** Replaces a list that an administrator loads, and writes it for the next start. */
  async load(
    name: string,
    prefixes: readonly Prefix[],
    note: string | null,
  ): Promise<Answer & { refused: Refused[] }> {
    return this.#orders.run(async () => {
      if (this.#lists.get(name)?.origin === 'shared')
        return {
          outcome: 'refused',
          message: `the list ${name} comes from the engine that SHARE asks`,
          refused: [],
        };
      const { failure, refused } = await this.#load(name, prefixes, note, this.#wallNow());
      const named = refused.slice(0, MAX_NAMED);
      if (failure !== null)
        return {
          outcome: 'failed',
          message: `the list ${name} could not be loaded: ${failure}`,
          refused: named,
        };
      const written = await this.#write(name);
      const without = refused.length === 0 ? '' : `; ${refused.length} left out, ${reasonsOf(refused)}`;
      const lost = written === null ? '' : `; but a restart forgets it: ${written}`;
      return {
        outcome: 'done',
        message: `the list ${name} has ${counted(this.#lists.get(name)?.size ?? 0, 'entry', 'entries')}${without}${lost}`,
        refused: named,
      };
    });
  }

  /** Takes away a list that an administrator has loaded. */
  async unload(name: string): Promise<Answer> {
    return this.#orders.run(async () => {
      const list = this.#lists.get(name);
      if (list === undefined) return { outcome: 'absent', message: `there is no list ${name}` };
      if (list.origin === 'shared')
        return { outcome: 'refused', message: `the list ${name} comes from the engine that SHARE asks` };
      const folder = this.#parts.stateDir();
      const failure = (await this.#remove(name)) ?? (folder === null ? null : removeList(folder, name));
      if (failure !== null)
        return { outcome: 'later', message: `the list ${name} could not be taken away: ${failure}` };
      return {
        outcome: 'done',
        message: `the list ${name} is gone: its ${counted(list.size, 'entry', 'entries')} pass again`,
      };
    });
  }

  /** Replaces a shared list as a whole. Never rejects. */
  replaceShared(name: string, members: Iterable<ListMember>, note: string): Promise<ListResult> {
    return this.#orders.run(() =>
      this.#lists.get(name)?.origin === 'loaded'
        ? Promise.resolve({ failure: TAKEN, refused: [] })
        : this.#replace(name, 'shared', [...members], note, this.#wallNow()),
    );
  }

  /** Adds members to a shared list, which is made when there is none, and removes others. Never rejects. */
  changeShared(
    name: string,
    added: readonly ListMember[],
    removed: readonly string[],
    note: string,
  ): Promise<ListResult> {
    return this.#orders.run(async () => {
      const list = this.#lists.get(name);
      if (list?.origin === 'loaded') return { failure: TAKEN, refused: [] };
      if (list === undefined) return this.#replace(name, 'shared', [...added], note, this.#wallNow());
      const { admitted, refused } = await admit(added, this.#parts.never);
      const gone = removed.flatMap((target) => list.delete(target) ?? []);
      const fitting = new PrefixLengths(list.members()).divide(admitted);
      refused.push(...fitting.refused);
      const room = MAX_LIST_ENTRIES - this.#total;
      const taken = fitting.taken.slice(0, room);
      for (const { prefix } of fitting.taken.slice(room))
        refused.push({ target: formatPrefix(prefix), why: FULL });
      const former = taken.flatMap(({ prefix }) => list.get(formatPrefix(prefix)) ?? []);
      const replaced = taken.filter(({ prefix }) => list.get(formatPrefix(prefix)) !== undefined);
      const fresh = taken.filter(({ prefix }) => list.get(formatPrefix(prefix)) === undefined);
      for (const member of taken) list.set(member);
      const failure = await this.#table.change(name, { added: fresh, replaced, removed: gone });
      if (failure !== null) {
        // As it was, so that the caller finds the difference again.
        for (const { prefix } of fresh) list.delete(formatPrefix(prefix));
        for (const member of [...former, ...gone]) list.set(member);
      }
      return { failure, refused };
    });
  }

  /** Removes a shared list; one that is not there is removed. */
  removeShared(name: string): Promise<Failure> {
    return this.#orders.run(() =>
      this.#lists.get(name)?.origin === 'shared' ? this.#remove(name) : Promise.resolve(null),
    );
  }

  /** The list of this name. */
  get(name: string): NamedList | undefined {
    return this.#lists.get(name);
  }

  /** How many entries each list has. */
  sizes(): { readonly name: string; readonly entries: number }[] {
    return [...this.#lists.values()].map(({ name, size }) => ({ name, entries: size }));
  }

  /** Every list, with what it has dropped. */
  async infos(): Promise<ListInfo[]> {
    const dropped = await this.#table.dropped();
    return [...this.#lists.values()].map(({ name, origin, note, loadedAt, size }) => ({
      name,
      origin,
      note,
      loadedAt,
      entries: size,
      dropped: dropped?.get(name)?.packets ?? null,
    }));
  }

  /** The members of a list, as they are now; null when there is no such list. */
  members(name: string): Iterable<ListMatch> | null {
    const list = this.#lists.get(name);
    // A copy: members that come or go while the client reads must not shift the list.
    return list === undefined ? null : this.#matchesOf(list, [...list.members()]);
  }

  /** The members of lists that contain the address. */
  matches(address: Address): ListMatch[] {
    return [...this.#lists.values()].flatMap((list) => {
      const member = list.match(address);
      return member === undefined ? [] : [...this.#matchesOf(list, [member])];
    });
  }

  /** Must be called every second; `now` by the daemon's clock, ms. */
  tick(now: number): void {
    if (this.#parts.dryRun || this.#lists.size === 0) return;
    void this.#orders.run(() => this.#tick(now));
  }

  /** Ends. Loaded lists stay in force if `keeps`; shared ones do not, because nobody would follow their changes. */
  async close(keeps: boolean): Promise<void> {
    await this.#orders.run(async () => {
      if (this.#parts.dryRun) return;
      const names = [...this.#lists.values()].filter(({ origin }) => !keeps || origin === 'shared');
      for (const { name } of names) await this.#remove(name);
    });
  }

  async #tick(now: number): Promise<void> {
    await this.#spare();
    for (const list of this.#lists.values()) {
      const ended = list.takeEnded(now);
      if (ended.length > 0)
        this.#say(await this.#table.change(list.name, { added: [], replaced: [], removed: ended }));
    }
    if (now - this.#lastVerifyMs < VERIFY_INTERVAL_MS) return;
    this.#lastVerifyMs = now;
    try {
      if (await this.#table.verify())
        this.#parts.tell('The table of the lists was changed by another program and is made again.');
      this.#say(null);
    } catch (error) {
      this.#say((error as Error).message);
    }
  }

  /** Tells the firewall what passes, when that has changed. */
  async #spare(): Promise<void> {
    const passing = this.#parts.passing();
    const text = passing.join(' ');
    if (text === this.#spared) return;
    const failure = await this.#table.spare(passing);
    this.#spared = failure === null ? text : null;
    this.#say(failure);
  }

  *#matchesOf({ name }: NamedList, members: readonly ListMember[]): Generator<ListMatch> {
    const { toWall } = this.#parts.clock;
    for (const { prefix, until, note } of members)
      yield { list: name, target: formatPrefix(prefix), until: until === null ? null : toWall(until), note };
  }

  #load(
    name: string,
    prefixes: readonly Prefix[],
    note: string | null,
    loadedAt: number,
  ): Promise<ListResult> {
    const members = prefixes.map((prefix): ListMember => ({ prefix, until: null, note: null }));
    return this.#replace(name, 'loaded', members, note, loadedAt);
  }

  async #replace(
    name: string,
    origin: NamedList['origin'],
    members: readonly ListMember[],
    note: string | null,
    loadedAt: number,
  ): Promise<ListResult> {
    if (this.#parts.dryRun) return { failure: 'this is a dry run: nothing is blocked', refused: [] };
    const before = this.#lists.get(name);
    if (before === undefined && this.#lists.size >= MAX_LISTS)
      return { failure: `there are ${MAX_LISTS} lists already`, refused: [] };
    if (this.#total - (before?.size ?? 0) + members.length > MAX_LIST_ENTRIES)
      return { failure: FULL, refused: [] };
    const { admitted, refused } = await admit(members, this.#parts.never);
    const fitting = new PrefixLengths().divide(admitted);
    refused.push(...fitting.refused);
    const list = new NamedList(name, origin, loadedAt);
    list.note = note;
    list.replace(fitting.taken);
    this.#lists.set(name, list);
    await this.#spare();
    const failure = await this.#table.change(name, changesBetween(before, list));
    if (failure !== null) {
      if (before === undefined) this.#lists.delete(name);
      else this.#lists.set(name, before);
    }
    return { failure, refused };
  }

  async #remove(name: string): Promise<Failure> {
    const failure = await this.#table.remove(name);
    if (failure === null) this.#lists.delete(name);
    return failure;
  }

  async #write(name: string): Promise<Failure> {
    const folder = this.#parts.stateDir();
    const list = this.#lists.get(name);
    if (folder === null || list === undefined) return null;
    const prefixes = [...list.members()].map(({ prefix }) => prefix);
    return writeList(folder, { name, loadedAt: list.loadedAt, note: list.note, prefixes });
  }

  get #total(): number {
    return [...this.#lists.values()].reduce((sum, { size }) => sum + size, 0);
  }

  #wallNow(): number {
    return this.#parts.clock.toWall(this.#parts.clock.now());
  }

  /** Says a trouble of the table once. */
  #say(failure: Failure): void {
    if (failure !== null && failure !== this.#trouble)
      this.#parts.tell(`The lists are not kept in force: ${failure}.`);
    this.#trouble = failure;
  }
}

/** What takes one list to the other. */
function changesBetween(before: NamedList | undefined, after: NamedList): Changes {
  const members = [...after.members()];
  const former = ({ prefix }: ListMember) => before?.get(formatPrefix(prefix));
  return {
    added: members.filter((member) => former(member) === undefined),
    replaced: members.filter((member) => {
      const old = former(member);
      return old !== undefined && old.until !== member.until;
    }),
    removed: [...(before?.members() ?? [])].filter(
      ({ prefix }) => after.get(formatPrefix(prefix)) === undefined,
    ),
  };
}

const FULL = `all lists together have at most ${MAX_LIST_ENTRIES} entries`;

const TAKEN = 'an administrator has loaded a list of this name: portsentry unblock --list NAME takes it away';

/** The first refused member and its reason. */
function reasonsOf([first]: readonly Refused[]): string {
  return first === undefined ? '' : `the first ${first.target}: ${first.why}`;
}
