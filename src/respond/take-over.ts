import type { Failure } from '../commands/failure.ts';
import type { Block } from '../firewall/block.ts';
import type { BackendPool } from '../firewall/pool.ts';
import type { LedgerEntry, LedgerMethod } from '../ledger/entry.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import { backendOf, blockCount } from './block-state.ts';
import type { Blocks } from './blocks.ts';
import { denyInHostsFile, hostsDenyLine } from './hosts-deny.ts';
import { inTurns } from './in-turns.ts';

/** What `restoreBlocks` and `putBack` work with; see `BlocksParts`. */
export interface RestoreParts {
  readonly blocks: Blocks;
  readonly memory: BlockMemory;
  readonly backends: BackendPool;
  readonly hostsDenyPath: string;
  readonly boot: string;
  readonly now: () => number;
  readonly tell: (text: string) => void;
}

/** How sources are blocked today. */
export interface Today {
  /** The methods of new blocks. */
  readonly methods: readonly LedgerMethod[];
  /** The method that would hold such a block; null when it would not be made today, and stays as it is. */
  readonly methodFor: (block: Block) => LedgerMethod | null;
  /** Undoes what KILL_ROUTE of the configuration before a reload did; resolves to why it could not. */
  readonly formerUndo?: ((block: Block) => Promise<Failure>) | undefined;
}

/** Targets that a line for the administrator names. */
const MAX_NAMED = 10;

/** The old method was KILL_ROUTE, and there is no UNKILL_ROUTE. */
export const NO_UNDO = 'no UNKILL_ROUTE';

/**
 * Puts blocks of other methods in force by those of today, then takes back what the old method did. Resolves to the
 * blocks that the method of today does not take: they stay where they are. Never rejects.
 */
export async function takeOver(
  parts: RestoreParts,
  today: Today,
  entries: readonly LedgerEntry[],
): Promise<LedgerEntry[]> {
  const { blocks, tell } = parts;
  const left: LedgerEntry[] = [];
  const taken: LedgerEntry[] = [];
  const moved = new Map<string, number>();
  const remnants: string[] = [];
  let reason = '';
  const methodFor = ({ block }: LedgerEntry) => today.methodFor(block) as LedgerMethod;
  await eachOf(entries, methodFor, async (entry) => {
    const failure = await takeOne(parts, methodFor(entry), entry);
    if (failure === null) taken.push(entry);
    else left.push(entry);
    reason = failure ?? reason;
  });
  // Each block stands by its new method before the old one lets go.
  const oldMethod = ({ method }: LedgerEntry) => method;
  await eachOf(taken, oldMethod, async (entry) => {
    const failed = await undo(parts, today, entry);
    const kept = entry.hasRemnant && entry.boot === parts.boot;
    blocks.rebind(entry.block, methodFor(entry), failed === NO_UNDO || kept);
    if (failed !== null) remnants.push(`${entry.block.target} (${failed})`);
    const move = `${entry.method} to ${methodFor(entry)}`;
    moved.set(move, (moved.get(move) ?? 0) + 1);
  });
  for (const [move, count] of moved) tell(`${blockCount(count)} went over from the method ${move}.`);
  if (remnants.length > 0) {
    tell(
      `What the old method did could not be taken back for ${named(remnants)}: if it still stands, do that yourself.`,
    );
  }
  if (left.length > 0) tell(`${blockCount(left.length)} could not go over to another method: ${reason}`);
  return left;
}

async function takeOne(
  { blocks, hostsDenyPath }: RestoreParts,
  method: LedgerMethod,
  { block, wrappersLine }: LedgerEntry,
): Promise<Failure> {
  if (method !== 'hosts.deny') return blocks.enforce(block, method);
  const template = blocks.hostsDenyTemplate;
  const line = wrappersLine ?? (template === null ? null : hostsDenyLine(template, block));
  if (line === null) return 'KILL_HOSTS_DENY is not set';
  const { failure, added } = await denyInHostsFile(hostsDenyPath, line);
  if (failure === null) blocks.confirm(block, added ? line : null);
  return failure;
}

/** Takes back what the old method did; the line in hosts.deny stays with the block. Resolves to why it stands. */
async function undo(parts: RestoreParts, { formerUndo }: Today, entry: LedgerEntry): Promise<Failure> {
  const { blocks, backends, boot } = parts;
  const { block, method } = entry;
  if (method === 'hosts.deny' || entry.boot !== boot) return null;
  // A command that is gone already has nothing to be undone, and one that never ran neither.
  if (method === 'command' && blocks.stateOf(entry).inForce === false) return null;
  try {
    if (method !== 'command' || blocks.stateOf(entry).undo !== null)
      return await (await backends.get(backendOf(method))).release(block);
    return formerUndo === undefined ? NO_UNDO : await formerUndo(block);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Calls `each` for every entry: a few commands at a time, and those of any other method together, as one batch. */
async function eachOf(
  entries: readonly LedgerEntry[],
  methodOf: (entry: LedgerEntry) => LedgerMethod,
  each: (entry: LedgerEntry) => Promise<void>,
): Promise<void> {
  const isCommand = (entry: LedgerEntry) => methodOf(entry) === 'command';
  const commands = inTurns(entries.filter(isCommand), each);
  await Promise.all([commands, ...entries.filter((entry) => !isCommand(entry)).map(each)]);
}

function named(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return `${texts.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
