import type { Answer, BlockRequest } from '../control/handlers.ts';
import type { Block, BlockCause } from '../firewall/block.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import { parseAddress } from '../net/address.ts';
import { denyInHostsFile, HOSTS_DENY, hostsDenyLine } from '../respond/hosts-deny.ts';
import { inTurns } from '../respond/in-turns.ts';
import type { BlockManager } from './block-manager.ts';

/** What an administrator's order works with. */
export interface Orders {
  readonly blockManager: BlockManager;
  /** Which mode the records name. */
  readonly cause: Pick<BlockCause, 'mode' | 'transport'>;
  /** KILL_HOSTS_DENY. */
  readonly killHostsDeny: string | null;
  /** Told of each block by hand that is in force. */
  readonly onBlock: (entry: LedgerEntry) => void;
}

/** Blocks an address or a prefix, whatever it has done. */
export async function blockByHand(orders: Orders, { target, forMs, why }: BlockRequest): Promise<Answer> {
  const { blockManager, onBlock } = orders;
  const { blocks } = blockManager;
  const rule = blocks.ruleFor({ target });
  if (rule !== null) return { outcome: 'refused', message: `${target} is never blocked: ${rule}` };
  const cause = { ...orders.cause, kind: 'manual', destinationPort: 0, connects: 0, note: why } as const;
  const block = blocks.planByHand(target, cause, lengthOf(forMs));
  const failure = await enforce(orders, block);
  if (failure !== null) return { outcome: 'failed', message: `${target} could not be blocked: ${failure}` };
  const entry = blocks.find(target);
  if (entry !== undefined) onBlock(entry);
  const until = block.until === null ? 'for ever' : `until ${new Date(block.until).toISOString()}`;
  return done(blockManager, `${target} is blocked ${until}`);
}

/** Takes the block of a target back. */
export async function unblockByHand({ blockManager }: Orders, target: string): Promise<Answer> {
  const entry = blockManager.blocks.find(target);
  if (entry === undefined || entry.ended !== null) return absent(blockManager, target);
  const failure = await takeBack(blockManager, entry);
  if (failure !== null)
    return { outcome: 'failed', message: `the block of ${target} could not be taken back: ${failure}` };
  return done(blockManager, `${target} is no longer blocked${reminder(blockManager, entry)}`);
}

/** Takes all blocks back. */
export async function unblockAllByHand({
  blockManager,
}: Orders): Promise<Answer & { readonly count: number }> {
  const due = [...blockManager.blocks.due()];
  let count = 0;
  let failure: string | null = null;
  await inTurns(due, async (entry) => {
    const failed = await takeBack(blockManager, entry);
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

/** undefined for the usual length, null for ever. */
function lengthOf(forMs: number | null): number | null | undefined {
  if (forMs === null) return undefined;
  return forMs === 0 ? null : forMs;
}

/** null when it is in force. */
async function enforce({ blockManager, killHostsDeny }: Orders, block: Block): Promise<string | null> {
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

/** What was added to hosts.deny. The block is in force without it. */
async function deny(template: string | null, block: Block): Promise<string | null> {
  if (template === null) return null;
  const line = hostsDenyLine(template, block);
  return (await denyInHostsFile(HOSTS_DENY, line)).added ? line : null;
}

async function takeBack({ blocks }: BlockManager, entry: LedgerEntry): Promise<string | null> {
  if (blocks.canTakeBack(entry)) return blocks.release(entry, 'unblocked');
  await blocks.forget(entry, 'unblocked');
  return null;
}

function reminder({ blocks }: BlockManager, entry: LedgerEntry): string {
  if (blocks.canTakeBack(entry)) return '';
  return ' here; what KILL_ROUTE did is still in force, for there is no UNKILL_ROUTE: take it back yourself';
}

function absent({ blocks }: BlockManager, target: string): Answer {
  const address = parseAddress(target);
  const covering = address === null ? undefined : blocks.covering(address, target);
  const message =
    covering === undefined
      ? `${target} is not blocked`
      : `${target} has no block of its own; ${covering.block.target}, which it is in, is blocked: unblock that`;
  return { outcome: 'absent', message };
}

/** An order is acknowledged when it is on the disk, so that no power cut undoes it. */
async function done(blockManager: BlockManager, message: string): Promise<Answer> {
  const failure = await blockManager.durable();
  const warning =
    failure === null ? '' : `; but that is not in the ledger, and a restart forgets it: ${failure}`;
  return { outcome: 'done', message: `${message}${warning}` };
}
