import type { Failure } from '../commands/failure.ts';
import type { Backend, ListedBlock } from '../firewall/backend.ts';
import type { BlockCause } from '../firewall/block.ts';
import type { LedgerEntry, LedgerMethod } from '../ledger/entry.ts';
import { backendOf, blockCount, canBeKnown, FOUND_IN_FORCE } from './block-state.ts';
import { denyInHostsFile } from './hosts-deny.ts';
import { inTurns } from './in-turns.ts';
import { type RestoreParts, type Today, takeOver } from './take-over.ts';

/** An end that the kernel counts down may differ by this much from the end asked for. */
const SAME_END_MS = 2_000;

/** The cause of a block that only the kernel remembers. */
const FOUND: BlockCause = {
  mode: 'atcp',
  kind: 'manual',
  transport: 'tcp',
  destinationPort: 0,
  connects: 0,
  note: FOUND_IN_FORCE,
};

/**
 * Deals with the blocks of former runs at a start, or of this one at a reload: ends those whose time is over, keeps
 * those still in force, and puts all others in force again, by the method of today. Their sources count as blocked as
 * soon as the call returns. Never rejects.
 */
export async function restoreBlocks(parts: RestoreParts, today: Today): Promise<void> {
  const { blocks, memory } = parts;
  dropNotices(parts);
  const staying = new Map<LedgerMethod, LedgerEntry[]>(today.methods.map((method) => [method, []]));
  const moving: LedgerEntry[] = [];
  for (const entry of memory.entries.values()) {
    if (entry.ended !== null) continue;
    blocks.resume(entry);
    if ((today.methodFor(entry.block) ?? entry.method) !== entry.method) moving.push(entry);
    else addTo(staying, entry.method, entry);
  }
  const isOver = ({ block }: LedgerEntry) => block.until !== null && block.until <= parts.now();
  await Promise.all(moving.filter(isOver).map((entry) => endLate(parts, entry)));
  const left = await takeOver(
    parts,
    today,
    moving.filter((entry) => !isOver(entry)),
  );
  for (const entry of left) addTo(staying, entry.method, entry);
  await Promise.all([...staying].map(([method, entries]) => restore(parts, method, entries)));
}

/** Puts the blocks that the last look found gone in force again. Resolves to their number. Never rejects. */
export async function putBack(parts: RestoreParts): Promise<number> {
  const { blocks, tell } = parts;
  const byMethod = new Map<LedgerMethod, LedgerEntry[]>();
  for (const entry of blocks.standing()) {
    // A command has a proof of its own (`presence.ts`). A line that is gone from hosts.deny was taken out by a person.
    if (!canBeKnown(entry.method) || !blocks.sight.isGone(entry.block.target)) continue;
    addTo(byMethod, entry.method, entry);
  }
  let sum = 0;
  for (const [method, entries] of byMethod) {
    const failures = await putInForce(parts, method, entries);
    const done = entries.length - failures;
    sum += done;
    const again = `${done} ${done === 1 ? 'is' : 'are'} in force again`;
    tell(`Another program took ${blockCount(entries.length)} of ${method} away: ${again}.`);
  }
  return sum;
}

/** Earlier versions recorded runs of a notifier as blocks by `none`, and kept a line in hosts.deny under that name. */
function dropNotices({ blocks, memory, now }: RestoreParts): void {
  for (const entry of [...memory.entries.values()]) {
    if (entry.method !== 'none' || entry.ended !== null) continue;
    const { target } = entry.block;
    if (entry.wrappersLine === null) memory.end(target, 'failed', now());
    else blocks.rebind(entry.block, 'hosts.deny', false);
  }
}

async function restore(parts: RestoreParts, method: LedgerMethod, entries: LedgerEntry[]): Promise<void> {
  const { blocks, boot, tell, now } = parts;
  const isOver = ({ block }: LedgerEntry) => block.until !== null && block.until <= now();
  const due = entries.filter((entry) => !isOver(entry));
  await Promise.all(entries.filter(isOver).map((entry) => endLate(parts, entry)));
  let listed: Map<string, ListedBlock> | null = null;
  try {
    if (canBeKnown(method)) listed = await listOf(await parts.backends.get(backendOf(method)));
  } catch (error) {
    const { message } = error as Error;
    for (const entry of due) blocks.suspend(entry);
    blocks.sight.noteTrouble(method, message);
    if (due.length > 0) {
      tell(`${blockCount(due.length)} could not be put in force again by ${method}: ${message}`);
    }
    return;
  }
  const stands = (entry: LedgerEntry) => {
    if (listed !== null) return isSame(listed.get(entry.block.target), entry);
    // A line stays in its file through a reboot. If it is there already, it is not added again.
    return method !== 'hosts.deny' && entry.boot === boot && entry.inForce;
  };
  const [standing, missing] = [due.filter(stands), due.filter((entry) => !stands(entry))];
  for (const { block } of standing) blocks.confirm(block, null);
  await putInForce(parts, method, missing);
  if (listed !== null) adopt(parts, method, listed);
}

/** Ends a block whose time ran out while the daemon did not run. Rules of an earlier boot are gone by themselves. */
async function endLate({ blocks, boot }: RestoreParts, entry: LedgerEntry): Promise<void> {
  if (entry.method === 'command' && entry.boot !== boot) await blocks.forget(entry, 'expired');
  else if (blocks.stateOf(entry).undo !== null) await blocks.release(entry, 'expired');
}

/** Takes over blocks that the ledger does not know, because it was lost or replaced, so that they can be released. */
function adopt(
  { blocks, tell, now }: RestoreParts,
  method: LedgerMethod,
  listed: ReadonlyMap<string, ListedBlock>,
): void {
  const unknown = [...listed.values()].filter(({ target }) => blocks.find(target)?.ended !== null);
  for (const { target, until } of unknown) {
    const block = { ...blocks.planByHand(target, FOUND, undefined), since: now(), until };
    blocks.decide(block, method);
    blocks.confirm(block, null);
  }
  if (unknown.length === 0) return;
  const what = `${blockCount(unknown.length)} that ${method} holds and the ledger does not know`;
  tell(`${what} ${unknown.length === 1 ? 'is' : 'are'} taken over.`);
}

/** Puts blocks in force, with their lines in hosts.deny; resolves to how many failed. */
async function putInForce(
  parts: RestoreParts,
  method: LedgerMethod,
  entries: readonly LedgerEntry[],
): Promise<number> {
  const { blocks, tell } = parts;
  let failures = 0;
  let reason = '';
  const one = async (entry: LedgerEntry) => {
    const failure = await putOneInForce(parts, method, entry);
    if (failure === null) {
      blocks.confirm(entry.block, null);
      return;
    }
    failures++;
    reason = failure;
    blocks.suspend(entry);
    parts.memory.lift([entry.block.target]);
  };
  if (method === 'command') await inTurns(entries, one);
  else await Promise.all(entries.map(one));
  if (failures > 0) {
    const what = `${failures} of ${blockCount(entries.length)}`;
    tell(`${what} could not be put in force again by ${method}: ${reason}`);
  }
  return failures;
}

async function putOneInForce(
  { blocks, hostsDenyPath }: RestoreParts,
  method: LedgerMethod,
  { block, wrappersLine }: LedgerEntry,
): Promise<Failure> {
  if (method !== 'hosts.deny') {
    const failure = await blocks.enforce(block, method);
    if (failure !== null) return failure;
  }
  if (wrappersLine === null) return null;
  const { failure } = await denyInHostsFile(hostsDenyPath, wrappersLine);
  return method === 'hosts.deny' ? failure : null;
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

function addTo(groups: Map<LedgerMethod, LedgerEntry[]>, method: LedgerMethod, entry: LedgerEntry): void {
  const group = groups.get(method);
  if (group === undefined) groups.set(method, [entry]);
  else group.push(entry);
}
