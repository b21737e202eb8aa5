import { type Answer, Dialog } from '../../commands/dialog.ts';
import type { Failure } from '../../commands/failure.ts';
import { firstError, runTool } from '../../commands/tool.ts';
import { GONE, NFT, NFT_DIALOG } from '../../nft/words.ts';
import {
  ALIVE_SET,
  ALIVE_TIMEOUT_S,
  asOneLine,
  COUNTERS,
  type CounterName,
  SENSOR_TABLE,
  SENSOR_TABLE_NAME,
  type TablePlan,
  tableLines,
} from './table.ts';

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

/** Elements in one command; nft reads its dialog octet by octet. */
const MAX_ELEMENTS = 512;

/** What the kernel says of a table of another process. */
const NOT_OURS = /Operation not permitted/;

/** What nft or a kernel says that knows no owners of tables. */
const NO_OWNERS = /syntax error|Invalid argument|Operation not supported/;

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
  #plan: TablePlan | null = null;
  #isOwned = true;
  #closed = false;

  constructor(parts: SensorTableParts) {
    this.#parts = parts;
    this.#dialog = new Dialog(NFT_DIALOG, {
      text: () => (this.#plan === null || this.#closed ? null : this.#whole(this.#plan, ANYBODYS)),
      opened: (answer) => this.#putBack(failureOf(answer)),
    });
  }

  /** Whether the kernel protects the table from changes by others. */
  get isOwned(): boolean {
    return this.#isOwned;
  }

  /** The process that holds the table, while there is one. */
  get pid(): number | undefined {
    return this.#dialog.pid;
  }

  /** Loads the table, or replaces it in one transaction. Resolves to why the kernel does not take it. */
  async load(plan: Omit<TablePlan, 'owned'>): Promise<Failure> {
    const before = this.#plan;
    for (const owned of this.#isOwned ? [true, false] : [false]) {
      const attempt = { ...plan, owned };
      const answer = await this.#dialog.ask(this.#whole(attempt, before?.owned ? OURS : ANYBODYS));
      const failure = failureOf(answer);
      if (failure === null) {
        this.#plan = attempt;
        this.#isOwned = owned;
        return null;
      }
      if (NOT_OURS.test(failure)) return `${failure}; another process owns the table ${SENSOR_TABLE}`;
      if (!owned || !NO_OWNERS.test(failure)) {
        this.#plan = before;
        return failure;
      }
    }
    return null;
  }

  /** Keeps the table judging for another ALIVE_TIMEOUT_S; resolves to why it does not. */
  async renew(): Promise<Failure> {
    if (this.#plan === null) return null;
    const failure = await this.#ask(renewal());
    if (failure !== null && GONE.test(failure)) await this.#restore();
    return failure;
  }

  /** Replaces the elements of a set; what is equal stays untouched. */
  async setElements(name: KeptSet, elements: Iterable<string>): Promise<Failure> {
    const next = new Set(elements);
    const present = this.#sets.get(name) ?? new Set();
    const added = [...next].filter((element) => !present.has(element));
    const removed = [...present].filter((element) => !next.has(element));
    this.#sets.set(name, next);
    if (this.#plan === null || (added.length === 0 && removed.length === 0)) return null;
    if (KEPT_SETS[name].isInterval) {
      return this.#ask([`flush set ${SENSOR_TABLE} ${name}`, ...adding(name, [...next])].join('; '));
    }
    return this.#ask([...deleting(name, removed), ...adding(name, added)].join('; '));
  }

  /** Holds a source for another `ms`, whether or not it is held: `held4`, `held6` or `held6_64`. */
  hold(set: 'held4' | 'held6' | 'held6_64', address: string, ms: number): Promise<Failure> {
    return this.#ask(renewing(set, address, ms));
  }

  /** Lets a held source go. */
  release(set: 'held4' | 'held6' | 'held6_64', address: string): Promise<Failure> {
    const element = `${SENSOR_TABLE} ${set} { ${address} }`;
    return this.#ask(`add element ${element}; delete element ${element}`);
  }

  /** The kernel does not hold this source for `ms`; its probes are dropped one by one. */
  exempt(set: 'exempt4' | 'exempt6', address: string, ms: number): Promise<Failure> {
    return this.#ask(renewing(set, address, ms));
  }

  /** What the table has counted; null when it cannot be read. */
  async counters(): Promise<Readonly<Record<CounterName, number>> | null> {
    const { failure, stdout } = await runTool(NFT, [
      '-j',
      'list',
      'counters',
      'table',
      ...SENSOR_TABLE.split(' '),
    ]);
    return failure === null ? readCounters(stdout) : null;
  }

  /** Takes the table away. */
  async close(): Promise<void> {
    if (this.#plan !== null) await this.#ask(`delete table ${SENSOR_TABLE}`);
    this.#closed = true;
    await this.#dialog.close();
  }

  async #ask(text: string): Promise<Failure> {
    return failureOf(await this.#dialog.ask(text));
  }

  /** Somebody else took the table away. */
  async #restore(): Promise<void> {
    if (this.#plan !== null) this.#putBack(await this.#ask(this.#whole(this.#plan, ANYBODYS)));
  }

  #putBack(failure: Failure): void {
    if (this.#closed) return;
    if (failure === null) this.#parts.tell('The table of the sensor was gone; it stands again.');
    else this.#parts.lost(failure);
  }

  /** All of it as one transaction: what an earlier run left behind is taken away in the same moment. */
  #whole(plan: TablePlan, removal: string): string {
    const kept = [...this.#sets].flatMap(([name, elements]) => adding(name, [...elements]));
    return [removal, asOneLine(tableLines(plan)), ...kept, adding(ALIVE_SET, JUDGED).join('; ')].join('; ');
  }
}

/** The protocols that the table judges. */
const JUDGED = ['tcp', 'udp', 'sctp'];

/** A plain `add` does not renew an element that is there. */
function renewal(): string {
  const set = `${SENSOR_TABLE} ${ALIVE_SET}`;
  const elements = JUDGED.map((name) => `${name} timeout ${ALIVE_TIMEOUT_S}s`).join(', ');
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

/** The counters in `nft -j list counters`; null when the text is not such a listing. */
export function readCounters(text: string): Readonly<Record<CounterName, number>> | null {
  let listing: { nftables?: { counter?: { table?: string; name?: string; packets?: number } }[] };
  try {
    listing = JSON.parse(text);
  } catch {
    return null;
  }
  const counts = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<CounterName, number>;
  if (!Array.isArray(listing.nftables)) return null;
  for (const { counter } of listing.nftables) {
    if (counter?.table !== SENSOR_TABLE_NAME || counter.name === undefined || !(counter.name in counts))
      continue;
    counts[counter.name as CounterName] = counter.packets ?? 0;
  }
  return counts;
}
