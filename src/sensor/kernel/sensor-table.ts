import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, Dialog } from '../../commands/dialog.ts';
import type { Failure } from '../../commands/failure.ts';
import { firstError, runTool } from '../../commands/tool.ts';
import { type Counted, readCounters } from '../../nft/counters.ts';
import { entriesOf } from '../../nft/objects.ts';
import { GONE, NFT, NFT_DIALOG } from '../../nft/words.ts';
import { findOtherDaemon } from './neighbours.ts';
import {
  ALIVE_SET,
  ALIVE_TIMEOUT_S,
  type Counters,
  countersWith,
  JUDGED_PROTOCOLS,
  SENSOR_TABLE,
  SENSOR_TABLE_NAME,
  type TablePlan,
} from './plan.ts';
import { asOneLine, changeLine, tableLines } from './table.ts';

/** Sets whose elements the judge keeps; those with intervals are marked. */
const KEPT_SETS = {
  spare4: { isInterval: true },
  spare6: { isInterval: true },
  forwards: { isInterval: false },
  link6_64: { isInterval: false },
  quiet: { isInterval: false },
  doubted4: { isInterval: true },
  doubted6: { isInterval: true },
  known_tcp: { isInterval: false },
  known_udp: { isInterval: false },
  known_at4: { isInterval: false },
  known_at6: { isInterval: false },
  used_tcp: { isInterval: false },
  used_sctp: { isInterval: false },
} as const;

export type KeptSet = keyof typeof KEPT_SETS;

/** The sets of sources that are held. */
const HELD_SETS = ['held4', 'held6', 'held6_64', 'held6_56', 'held6_48', 'held_mac'] as const;
export type HeldSet = (typeof HELD_SETS)[number];

/** The sets of sources that are not held, by the set that they would be in. */
export type ExemptSet = 'exempt4' | 'exempt6' | 'exempt6_64';

/** How long a table that is there is watched for a judge that renews it, and how often it is looked at. */
const RENEWAL_WAIT_MS = 3_000;
const RENEWAL_LOOK_MS = 250;

/** Elements in one command; nft reads its dialog octet by octet. */
const MAX_ELEMENTS = 512;

/** What the kernel says of a table of another process. */
const NOT_OURS = /Operation not permitted/;

/** What nft or a kernel says that knows no owners of tables. */
const NO_OWNERS = /unknown table option|syntax error|Invalid argument|Operation not supported/;

/** Takes away a table that this process owns, and one that may be there; the kernel does not let an owned one be added. */
const OURS = `delete table ${SENSOR_TABLE}`;
const ANYBODYS = `add table ${SENSOR_TABLE}; ${OURS}`;

export interface SensorTableParts {
  /** The table was gone and stands again, or cannot be put back: one line for the administrator. */
  tell(text: string): void;
  /** The table is gone and could not be put back; why. */
  lost(reason: string): void;
}

/**
 * The sensor's table in the kernel, and the one `nft -i` that every change of it goes through. Where nft and the kernel
 * know owners of tables, that process owns it: nobody else can change it, and it goes when the process goes. Else a
 * renewal that fails shows within a second that somebody took the table away.
 */
export class SensorTable {
  readonly #parts: SensorTableParts;
  readonly #dialog: Dialog;
  readonly #sets = new Map<KeptSet, ReadonlySet<string>>();
  /** Sets that the kernel may have other elements of than we know. */
  readonly #unsure = new Set<KeptSet>();
  #plan: TablePlan | null = null;
  #isOwned = true;
  #isTaken = false;
  #loads = 0;
  #closed = false;

  constructor(parts: SensorTableParts) {
    this.#parts = parts;
    this.#dialog = new Dialog(NFT_DIALOG, {
      text: () => (this.#plan === null || this.#closed ? null : this.#whole(this.#plan)),
      opened: (answer) => this.#putBack(failureOf(answer)),
    });
  }

  /** Whether the kernel protects the table from changes by others. */
  get isOwned(): boolean {
    return this.#isOwned;
  }

  /** Whether the last load failed because another process watches this network namespace with such a table. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** How often the kernel took a new table: its counters begin at zero each time. */
  get loads(): number {
    return this.#loads;
  }

  /** Loads the table, or changes it in one transaction. Resolves to why the kernel does not take it. */
  async load(plan: Omit<TablePlan, 'owned'>): Promise<Failure> {
    const before = this.#plan;
    if (before === null && (await isRenewedByOther())) return this.#taken();
    if (before !== null) return this.#change(before, { ...plan, owned: before.owned });
    for (const owned of this.#isOwned ? [true, false] : [false]) {
      const attempt = { ...plan, owned };
      const failure = await this.#ask(this.#whole(attempt));
      if (failure === null) {
        this.#plan = attempt;
        this.#isOwned = owned;
        this.#loads = 1;
        return null;
      }
      if (NOT_OURS.test(failure)) return (await isThere()) ? this.#taken() : failure;
      if (!owned || !NO_OWNERS.test(failure)) return failure;
    }
    return null;
  }

  /** A process that opens meanwhile loads the new plan. */
  async #change(before: TablePlan, next: TablePlan): Promise<Failure> {
    this.#plan = next;
    const failure = await this.#ask(changeLine(before, next));
    if (failure === null) return null;
    // Whatever became of it, the table is made anew.
    const anew = await this.#ask(this.#whole(next, before.owned ? OURS : ANYBODYS));
    if (anew === null) {
      this.#loads++;
      return null;
    }
    this.#plan = before;
    return failure;
  }

  /** Keeps the table judging for another ALIVE_TIMEOUT_S; resolves to why it does not. */
  async renew(): Promise<Failure> {
    if (this.#plan === null) return null;
    const failure = await this.#ask(renewal());
    if (failure !== null && (GONE.test(failure) || NOT_OURS.test(failure))) await this.#restore();
    return failure;
  }

  /** Replaces the elements of a set; what is equal stays untouched. */
  async setElements(name: KeptSet, elements: Iterable<string>): Promise<Failure> {
    const next = new Set(elements);
    const present = this.#sets.get(name) ?? new Set();
    const added = [...next].filter((element) => !present.has(element));
    const removed = [...present].filter((element) => !next.has(element));
    this.#sets.set(name, next);
    const isEqual = added.length === 0 && removed.length === 0;
    if (this.#plan === null || (isEqual && !this.#unsure.has(name))) return null;
    const isWhole = KEPT_SETS[name].isInterval || this.#unsure.delete(name);
    const commands = isWhole
      ? [`flush set ${SENSOR_TABLE} ${name}`, ...adding(name, [...next])]
      : [...deleting(name, removed), ...adding(name, added)];
    const failure = await this.#ask(commands.join('; '));
    if (failure !== null) this.#unsure.add(name);
    return failure;
  }

  /** Holds a source for another `ms`, whether or not it is held. */
  hold(set: HeldSet, address: string, ms: number): Promise<Failure> {
    return this.#ask(renewing(set, address, ms));
  }

  /** Lets a held source go. */
  release(set: HeldSet, address: string): Promise<Failure> {
    const element = `${SENSOR_TABLE} ${set} { ${address} }`;
    return this.#ask(`add element ${element}; delete element ${element}`);
  }

  /** The kernel does not hold this source for `ms`; its probes are dropped one by one. */
  exempt(set: ExemptSet, address: string, ms: number): Promise<Failure> {
    return this.#ask(renewing(set, address, ms));
  }

  /** What the table has counted; null when it cannot be read. */
  async counters(): Promise<Counters | null> {
    const found = await readCounters(SENSOR_TABLE_NAME);
    return found === null ? null : sensorCounters(found);
  }

  /** How many sources the kernel holds now; null when it cannot be read. A flood makes some thousand of them at most. */
  async heldSources(): Promise<number | null> {
    const held = await this.heldByFamily();
    return held === null ? null : held.ipv4 + held.ipv6;
  }

  /** The same by family. A hardware address is held for what it sends by IPv6. */
  async heldByFamily(): Promise<{ readonly ipv4: number; readonly ipv6: number } | null> {
    const held = { ipv4: 0, ipv6: 0 };
    const lists = await Promise.all(HELD_SETS.map(async (set) => [set, await elementsOf(set)] as const));
    for (const [set, elements] of lists) {
      if (elements === null) return null;
      held[set === 'held4' ? 'ipv4' : 'ipv6'] += elements.length;
    }
    return held;
  }

  /** Takes the table away. */
  async close(): Promise<void> {
    if (this.#plan !== null) await this.#ask(`delete table ${SENSOR_TABLE}`);
    this.#closed = true;
    await this.#dialog.close();
  }

  #taken(): string {
    this.#isTaken = true;
    const pid = findOtherDaemon(process.pid);
    const owner = pid === null ? 'another program' : `another portsentry (pid ${pid})`;
    return `${owner} watches this network namespace with the table ${SENSOR_TABLE}`;
  }

  async #ask(text: string): Promise<Failure> {
    return failureOf(await this.#dialog.ask(text));
  }

  /** Somebody else took the table away. */
  async #restore(): Promise<void> {
    if (this.#plan !== null) this.#putBack(await this.#ask(this.#whole(this.#plan)));
  }

  #putBack(failure: Failure): void {
    if (this.#closed) return;
    if (failure !== null) {
      this.#parts.lost(NOT_OURS.test(failure) ? this.#taken() : failure);
      return;
    }
    this.#loads++;
    this.#parts.tell('The table of the sensor was gone; it stands again.');
  }

  /** All of it as one transaction: what an earlier run left behind is taken away in the same moment. */
  #whole(plan: TablePlan, removal = ANYBODYS): string {
    const kept = [...this.#sets].flatMap(([name, elements]) => adding(name, [...elements]));
    return [
      removal,
      asOneLine(tableLines(plan)),
      ...kept,
      adding(ALIVE_SET, JUDGED_PROTOCOLS).join('; '),
    ].join('; ');
  }
}

/** A plain `add` does not renew an element that is there. */
function renewal(): string {
  const set = `${SENSOR_TABLE} ${ALIVE_SET}`;
  const elements = JUDGED_PROTOCOLS.map((name) => `${name} timeout ${ALIVE_TIMEOUT_S}s`).join(', ');
  return `flush set ${set}; add element ${set} { ${elements} }`;
}

function renewing(set: string, address: string, ms: number): string {
  const at = `${SENSOR_TABLE} ${set}`;
  return `add element ${at} { ${address} }; delete element ${at} { ${address} }; add element ${at} { ${address} timeout ${ms}ms }`;
}

function adding(set: string, elements: readonly string[]): string[] {
  return onElements('add', set, elements);
}

function deleting(set: string, elements: readonly string[]): string[] {
  return onElements('delete', set, elements);
}

function onElements(verb: 'add' | 'delete', set: string, elements: readonly string[]): string[] {
  const commands: string[] = [];
  for (let from = 0; from < elements.length; from += MAX_ELEMENTS) {
    const part = elements.slice(from, from + MAX_ELEMENTS).join(', ');
    commands.push(`${verb} element ${SENSOR_TABLE} ${set} { ${part} }`);
  }
  return commands;
}

function failureOf(answer: Answer): Failure {
  if ('failure' in answer) return answer.failure;
  const error = firstError(answer.stderr);
  return error === '' ? null : `nft: ${error}`;
}

/** One element of a set, with the seconds until it ends by itself. */
interface Element {
  readonly expiresS: number;
}

/** The elements of a set of the table; null when it cannot be read. */
async function elementsOf(set: HeldSet | typeof ALIVE_SET): Promise<readonly Element[] | null> {
  const { failure, stdout } = await runTool(NFT, ['-j', 'list', 'set', ...SENSOR_TABLE.split(' '), set]);
  return failure === null ? readElements(stdout) : null;
}

/** The elements in `nft -j list set`; null when the text is not such a listing. */
function readElements(text: string): readonly Element[] | null {
  const objects = objectsOf<{ set?: { elem?: ({ elem?: { expires?: number } } | string)[] } }>(text);
  if (objects === null) return null;
  const elements = objects.flatMap(({ set }) => set?.elem ?? []);
  return elements.map((element) => ({
    expiresS: typeof element === 'string' ? 0 : (element.elem?.expires ?? 0),
  }));
}

async function isThere(): Promise<boolean> {
  return (await elementsOf(ALIVE_SET)) !== null;
}

/**
 * Whether a judge renews the table that is there. One that a killed run left behind is not renewed: each second takes a
 * second of what its elements have left.
 */
async function isRenewedByOther(): Promise<boolean> {
  const first = await lookAtLife();
  if (first === null) return false;
  for (let now = first; now.beganMs - first.endedMs < RENEWAL_WAIT_MS; ) {
    await sleep(RENEWAL_LOOK_MS);
    const next = await lookAtLife();
    if (next === null) return false;
    now = next;
    if (now.leftS > first.leftS) return true;
    if (now.leftS === first.leftS && now.beganMs - first.endedMs >= 1_000) return true;
  }
  return false;
}

/** What the table has left to live, and when that was asked; null when there is no table that judges. */
async function lookAtLife(): Promise<{ leftS: number; beganMs: number; endedMs: number } | null> {
  const beganMs = performance.now();
  const elements = await elementsOf(ALIVE_SET);
  if (elements === null || elements.length === 0) return null;
  return {
    leftS: Math.max(...elements.map(({ expiresS }) => expiresS)),
    beganMs,
    endedMs: performance.now(),
  };
}

/** The sensor's counters among those of its table; null when there is no table. */
export function sensorCounters(found: ReadonlyMap<string, Counted>): Counters | null {
  return found.size === 0 ? null : countersWith((name) => found.get(name)?.packets ?? 0);
}

/** The objects of a listing by `nft -j`; null when the text is no listing. */
function objectsOf<Entry>(text: string): readonly Entry[] | null {
  return entriesOf(text) as Entry[] | null;
}
