import type { Failure } from '../commands/failure.ts';
import type { Answer, BlockRequest } from '../control/handlers.ts';
import type { Block, BlockCause } from '../firewall/block.ts';
import type { LedgerEntry, LedgerMethod } from '../ledger/entry.ts';
import { parseAddress } from '../net/address.ts';
import { overlaps, type Prefix, parsePrefix } from '../net/prefix.ts';
import { formatUntil } from '../record/times.ts';
import { blockCount, whyNoUndo } from '../respond/block-state.ts';
import type { Blocks } from '../respond/blocks.ts';
import { denyInHostsFile, HOSTS_DENY, hostsDenyLine } from '../respond/hosts-deny.ts';
import { inTurns } from '../respond/in-turns.ts';
import { infoOf } from './block-info.ts';
import type { BlockManager } from './block-manager.ts';

/** What an order of the administrator works with. */
export interface Orders {
  readonly blockManager: BlockManager;
  /** The mode and transport that the records name. */
  readonly cause: Pick<BlockCause, 'mode' | 'transport'>;
  /** KILL_HOSTS_DENY. */
  readonly killHostsDeny: string | null;
  /** Called for each block by hand that is in force. */
  readonly onBlock: (entry: LedgerEntry) => void;
}

/**
 * Blocks an address or a prefix, unless an address of this host or of the administrator's own session is in it. Other
 * rules forbid blocks that rest on packets, and an order does not.
 */
export async function blockByHand(
  orders: Orders,
  { target, forMs, why, session }: BlockRequest,
): Promise<Answer> {
  const { blockManager, onBlock } = orders;
  const { blocks, allowList } = blockManager;
  const network = parsePrefix(target) as Prefix;
  const rule = allowList.never.ruleAgainstOrders(network) ?? ownSessionIn(network, session);
  if (rule !== null) return { outcome: 'refused', message: `${target} is never blocked: ${rule}` };
  const cause = { ...orders.cause, kind: 'manual', destinationPort: 0, connects: 0, note: why } as const;
  const block = blocks.planByHand(target, cause, lengthMsOf(forMs));
  const failure = await enforce(orders, block);
  if (failure !== null) return { outcome: 'failed', message: `${target} could not be blocked: ${failure}` };
  const entry = blocks.find(target);
  if (entry === undefined) return { outcome: 'later', message: `the block of ${target} has ended already` };
  onBlock(entry);
  await blockManager.blockedByHand();
  const spared = blocks.ruleFor({ target });
  const despite = spared === null ? '' : `, although a rule spares it from other blocks: ${spared}`;
  const answer = await done(blockManager, `${target} is blocked ${untilOf(blockManager, entry)}${despite}`);
  return { ...answer, block: infoOf(blockManager, entry) };
}

/** The address of the session that is in the network, as a rule; null when none is. */
function ownSessionIn(network: Prefix, session: readonly string[]): string | null {
  const own = session.find((text) => overlaps(parsePrefix(text) as Prefix, network));
  return own === undefined ? null : `your own session comes from ${own}`;
}

/** Releases the block of a target. */
export async function unblockByHand({ blockManager }: Orders, target: string): Promise<Answer> {
  const { blocks } = blockManager;
  const entry = blocks.find(target);
  if (entry === undefined || entry.ended !== null) return absent(blockManager, target);
  await blocks.sight.lookAnew();
  const failure = await blocks.release(entry, 'unblocked');
  if (failure === null) return done(blockManager, `${target} is no longer blocked`);
  const stays = `the block of ${target} could not be taken back: ${failure}`;
  const forget = `portsentry unblock --forget ${target}`;
  if (!mayWorkLater(blocks, target))
    return { outcome: 'failed', message: `${stays}; take it back yourself, then: ${forget}` };
  const hint = blocks.stateOf(entry).undo === 'command' ? `; if it is gone already: ${forget}` : '';
  return { outcome: 'later', message: `${stays}${hint}` };
}

/** Ends the record of a block that an administrator has taken back, as only the administrator can know. */
export async function forgetByHand({ blockManager }: Orders, target: string): Promise<Answer> {
  const { blocks } = blockManager;
  const entry = blocks.find(target);
  if (entry === undefined || entry.ended !== null) return absent(blockManager, target);
  const { undo } = blocks.stateOf(entry);
  if (undo === 'method' || undo === 'line') return unblockByHand({ blockManager } as Orders, target);
  await blocks.forget(entry, 'forgotten');
  return done(blockManager, `the block of ${target} is forgotten; what it did was not looked for`);
}

/** Releases all blocks; `count` is how many were released. */
export async function unblockAllByHand({
  blockManager,
}: Orders): Promise<Answer & { readonly count: number }> {
  const { blocks } = blockManager;
  await blocks.sight.lookAnew();
  const due = [...blocks.due()];
  let count = 0;
  let mayHelp = false;
  let first: Failure = null;
  await inTurns(due, async (entry) => {
    const failed = await blocks.release(entry, 'unblocked');
    if (failed === null) {
      count++;
      return;
    }
    mayHelp ||= mayWorkLater(blocks, entry.block.target);
    first ??= `${entry.block.target}: ${failed}`;
  });
  const were = due.length === 1 || count === 1 ? 'was' : 'were';
  if (first === null) {
    const what = due.length === 0 ? 'nobody was blocked' : `${blockCount(count)} ${were} taken back`;
    return { ...(await done(blockManager, what)), count };
  }
  const message = `${count} of ${blockCount(due.length)} ${were} taken back; the first that was not: ${first}`;
  return { outcome: mayHelp ? 'later' : 'failed', message, count };
}

/** Whether the block has an undo, which failed now. */
function mayWorkLater(blocks: Blocks, target: string): boolean {
  const entry = blocks.find(target);
  return entry !== undefined && blocks.stateOf(entry).undo !== null;
}

function untilOf({ blocks, clock }: BlockManager, entry: LedgerEntry): string {
  const { undo, ends } = blocks.stateOf(entry);
  if (undo === null) return `until you take it back: ${whyNoUndo(entry)}`;
  return formatUntil(ends === null ? null : clock.toWall(ends));
}

/** The length in ms: undefined for the configured length, null for no end. */
function lengthMsOf(forMs: number | null): number | null | undefined {
  if (forMs === null) return undefined;
  return forMs === 0 ? null : forMs;
}

/** Puts the block in force; resolves to the reason when that failed. */
async function enforce({ blockManager, killHostsDeny }: Orders, block: Block): Promise<Failure> {
  const { blocks } = blockManager;
  try {
    const method = await blockManager.methodByHand();
    if (method === 'none') return 'BLOCK_METHOD is "none"';
    blocks.decide(block, method);
    const { failure, line } = await putInForce(blocks, block, method, killHostsDeny);
    if (failure === null) blocks.confirm(block, line);
    else blocks.fail(block);
    return failure;
  } catch (error) {
    return (error as Error).message;
  }
}

/** `line` is the line added to hosts.deny; beside another method its failure is none, because the block works without. */
async function putInForce(
  blocks: Blocks,
  block: Block,
  method: LedgerMethod,
  template: string | null,
): Promise<{ readonly failure: Failure; readonly line: string | null }> {
  if (method !== 'hosts.deny') {
    const failure = await blocks.enforce(block, method);
    if (failure !== null) return { failure, line: null };
  }
  if (template === null) return { failure: null, line: null };
  const line = hostsDenyLine(template, block);
  const { failure, added } = await denyInHostsFile(HOSTS_DENY, line);
  return { failure: method === 'hosts.deny' ? failure : null, line: added ? line : null };
}

function absent({ blocks }: BlockManager, target: string): Answer {
  const address = parseAddress(target);
  const covering = address === null ? undefined : blocks.covering(address, target);
  const message =
    covering === undefined
      ? `${target} is not blocked`
      : `${target} has no block of its own, but is in ${covering.block.target}, which is blocked: unblock that`;
  return { outcome: 'absent', message };
}

/** Acknowledges an order once it is on the disk, so that a power cut does not undo it. */
async function done(blockManager: BlockManager, message: string): Promise<Answer> {
  const failure = await blockManager.durable();
  const warning =
    failure === null ? '' : `; but that is not in the ledger, and a restart forgets it: ${failure}`;
  return { outcome: 'done', message: `${message}${warning}` };
}
