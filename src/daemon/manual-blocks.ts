import type { Failure } from '../commands/failure.ts';
import type { Answer, BlockRequest } from '../control/handlers.ts';
import type { Block, BlockCause } from '../firewall/block.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import { parseAddress } from '../net/address.ts';
import { formatUntil } from '../record/times.ts';
import { denyInHostsFile, HOSTS_DENY, hostsDenyLine } from '../respond/hosts-deny.ts';
import { inTurns } from '../respond/in-turns.ts';
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

/** Blocks an address or a prefix, unless a never-block rule spares it. */
export async function blockByHand(orders: Orders, { target, forMs, why }: BlockRequest): Promise<Answer> {
  const { blockManager, onBlock } = orders;
  const { blocks } = blockManager;
  const rule = blocks.ruleFor({ target });
  if (rule !== null) return { outcome: 'refused', message: `${target} is never blocked: ${rule}` };
  const cause = { ...orders.cause, kind: 'manual', destinationPort: 0, connects: 0, note: why } as const;
  const block = blocks.planByHand(target, cause, lengthMsOf(forMs));
  const failure = await enforce(orders, block);
  if (failure !== null) return { outcome: 'failed', message: `${target} could not be blocked: ${failure}` };
  const entry = blocks.find(target);
  if (entry !== undefined) onBlock(entry);
  return done(blockManager, `${target} is blocked ${formatUntil(block.until)}`);
}

/** Releases the block of a target. */
export async function unblockByHand({ blockManager }: Orders, target: string): Promise<Answer> {
  const entry = blockManager.blocks.find(target);
  if (entry === undefined || entry.ended !== null) return absent(blockManager, target);
  const failure = await release(blockManager, entry);
  if (failure !== null)
    return { outcome: 'failed', message: `the block of ${target} could not be taken back: ${failure}` };
  return done(blockManager, `${target} is no longer blocked${reminder(blockManager, entry)}`);
}

/** Releases all blocks; `count` is how many were released. */
export async function unblockAllByHand({
  blockManager,
}: Orders): Promise<Answer & { readonly count: number }> {
  const due = [...blockManager.blocks.due()];
  let count = 0;
  let failure: Failure = null;
  await inTurns(due, async (entry) => {
    const failed = await release(blockManager, entry);
    if (failed === null) count++;
    else failure ??= `${entry.block.target}: ${failed}`;
  });
  if (failure === null) {
    const answer = await done(blockManager, `${count} blocks were taken back`);
    return { ...answer, count };
  }
  const message = `${count} of ${due.length} blocks were taken back; the first that was not: ${failure}`;
  return { outcome: 'failed', message, count };
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
    const failure = await blocks.enforce(block, method);
    if (failure !== null) {
      blocks.fail(block);
      return failure;
    }
  } catch (error) {
    return (error as Error).message;
  }
  blocks.confirm(block, await deny(killHostsDeny, block));
  return null;
}

/** Resolves to the line added to hosts.deny. A failure is no error, because the block is in force without the line. */
async function deny(template: string | null, block: Block): Promise<string | null> {
  if (template === null) return null;
  const line = hostsDenyLine(template, block);
  return (await denyInHostsFile(HOSTS_DENY, line)).added ? line : null;
}

async function release({ blocks }: BlockManager, entry: LedgerEntry): Promise<Failure> {
  if (blocks.canTakeBack(entry)) return blocks.release(entry, 'unblocked');
  await blocks.forget(entry, 'unblocked');
  return null;
}

function reminder({ blocks }: BlockManager, entry: LedgerEntry): string {
  if (blocks.canTakeBack(entry)) return '';
  return ' here; what KILL_ROUTE did is still in force, because no UNKILL_ROUTE is set: undo it yourself';
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
