import type { BlockMethod } from '../config/config.ts';
import type { Backend, ListedBlock } from '../firewall/backend.ts';
import type { BlockCause } from '../firewall/block.ts';
import type { BackendPool } from '../firewall/pool.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import type { Blocks } from './blocks.ts';
import { denyInHostsFile } from './hosts-deny.ts';
import { inTurns } from './in-turns.ts';

/** An end that the kernel counts down may differ by this much from the end asked for. */
const SAME_END_MS = 2_000;

/** The cause of a block that only the kernel remembers. */
const FOUND: BlockCause = {
  mode: 'atcp',
  kind: 'manual',
  transport: 'tcp',
  destinationPort: 0,
  connects: 0,
  note: 'found in force at the start',
};

/** What `restoreBlocks` and `reinforce` work with; see `BlocksParts`. */
export interface RestoreParts {
  readonly blocks: Blocks;
  readonly memory: BlockMemory;
  readonly backends: BackendPool;
  readonly hostsDenyPath: string;
  readonly boot: string;
  readonly now: () => number;
  readonly tell: (text: string) => void;
}

/**
 * Deals with the blocks of former runs at a start: ends those whose time is over, takes over those still in force, and
 * puts all others in force again. Their sources count as blocked as soon as the call returns. `method` is the method of
 * new blocks; null when no source is to be blocked. Never rejects.
 */
export async function restoreBlocks(parts: RestoreParts, method: BlockMethod | null): Promise<void> {
  const byMethod = new Map<BlockMethod, LedgerEntry[]>(method === null ? [] : [[method, []]]);
  for (const entry of parts.memory.entries.values()) {
    if (entry.ended !== null) continue;
    parts.blocks.resume(entry);
    const entries = byMethod.get(entry.method);
    if (entries === undefined) byMethod.set(entry.method, [entry]);
    else entries.push(entry);
  }
  await Promise.all([...byMethod].map(([each, entries]) => restore(parts, each, entries)));
}

/** Puts the standing blocks of one method in force again after another program has removed its rules. Never rejects. */
export async function reinforce(parts: RestoreParts, method: BlockMethod): Promise<void> {
  const entries = [...parts.blocks.standing()].filter((entry) => entry.method === method);
  if (entries.length === 0) return;
  const failures = await putInForce(parts, method, entries);
  parts.tell(
    `The rules of ${method} were gone: ${entries.length - failures} blocks were put in force again.`,
  );
}

async function restore(parts: RestoreParts, method: BlockMethod, entries: LedgerEntry[]): Promise<void> {
  const { blocks, boot, backends, tell, now } = parts;
  const isOver = ({ block }: LedgerEntry) => block.until !== null && block.until <= now();
  const due = entries.filter((entry) => !isOver(entry));
  await Promise.all(entries.filter(isOver).map((entry) => endLate(parts, entry)));
  if (method === 'none') {
    for (const entry of due) blocks.confirm(entry.block, entry.wrappersLine);
    return;
  }
  let listed: Map<string, ListedBlock> | null;
  try {
    listed = await listOf(await backends.get(method));
  } catch (error) {
    for (const entry of due) blocks.suspend(entry);
    if (due.length > 0) {
      tell(`${due.length} blocks could not be put in force again by ${method}: ${(error as Error).message}`);
    }
    return;
  }
  const stands = (entry: LedgerEntry) =>
    listed === null ? entry.boot === boot && entry.inForce : isSame(listed.get(entry.block.target), entry);
  const [standing, missing] = [due.filter(stands), due.filter((entry) => !stands(entry))];
  for (const { block, wrappersLine } of standing) blocks.confirm(block, wrappersLine);
  await putInForce(parts, method, missing);
  if (listed !== null) takeOver(parts, method, listed);
}

/** Ends a block whose time ran out while the daemon did not run. Rules of an earlier boot are gone by themselves. */
async function endLate({ blocks, boot }: RestoreParts, entry: LedgerEntry): Promise<void> {
  if (entry.method === 'command' && entry.boot === boot && !blocks.canTakeBack(entry)) return;
  if (entry.method === 'command' && entry.boot !== boot) await blocks.forget(entry, 'expired');
  else await blocks.release(entry, 'expired');
}

/** Takes over blocks that the ledger does not know, because it was lost or replaced, so that they can be released. */
function takeOver(
  { blocks, tell, now }: RestoreParts,
  method: BlockMethod,
  listed: ReadonlyMap<string, ListedBlock>,
): void {
  const unknown = [...listed.values()].filter(({ target }) => blocks.find(target)?.ended !== null);
  for (const { target, until } of unknown) {
    const block = { ...blocks.planByHand(target, FOUND, undefined), since: now(), until };
    blocks.decide(block, method);
    blocks.confirm(block, null);
  }
  if (unknown.length > 0)
    tell(`${unknown.length} blocks that ${method} holds and the ledger does not know are taken over.`);
}

/** Puts blocks in force; resolves to how many failed. */
async function putInForce(
  parts: RestoreParts,
  method: BlockMethod,
  entries: readonly LedgerEntry[],
): Promise<number> {
  const { blocks, hostsDenyPath, tell } = parts;
  let failures = 0;
  let reason = '';
  const one = async (entry: LedgerEntry) => {
    const failure = await blocks.enforce(entry.block, method);
    if (failure !== null) {
      failures++;
      reason = failure;
      blocks.suspend(entry);
      return;
    }
    if (entry.wrappersLine !== null) await denyInHostsFile(hostsDenyPath, entry.wrappersLine);
    blocks.confirm(entry.block, entry.wrappersLine);
  };
  if (method === 'command') await inTurns(entries, one);
  else await Promise.all(entries.map(one));
  if (failures > 0)
    tell(`${failures} of ${entries.length} blocks could not be put in force again by ${method}: ${reason}`);
  return failures;
}

async function listOf(backend: Backend): Promise<Map<string, ListedBlock> | null> {
  const listed = await backend.list();
  return listed === null ? null : new Map(listed.map((block) => [block.target, block]));
}

function isSame(listed: ListedBlock | undefined, { block }: LedgerEntry): boolean {
  if (listed === undefined) return false;
  // A method without time-outs holds a block until it is released.
  if (listed.until === null) return true;
  return block.until !== null && Math.abs(listed.until - block.until) < SAME_END_MS;
}
