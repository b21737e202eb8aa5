import type { BlockMethod, Config } from '../config/config.ts';
import { unkillRouteFor } from '../config/kill-route.ts';
import type { Block } from '../firewall/block.ts';
import type { LedgerEntry, LedgerMethod } from '../ledger/entry.ts';

/**
 * What takes a block back: the method itself, UNKILL_ROUTE (`command`), or the removal of its line from hosts.deny;
 * null when nothing here can.
 */
export type Undo = 'method' | 'command' | 'line' | null;

/** What is true of a block now. */
export interface BlockState {
  readonly method: LedgerMethod;
  /** Whether anything can say that the block is in force; nothing can for a command or a line in hosts.deny. */
  readonly isKnowable: boolean;
  /** null when it is not known. */
  readonly inForce: boolean | null;
  readonly undo: Undo;
  /** When it ends, ms since the epoch; null when it does not end by itself, which is also so without an undo. */
  readonly ends: number | null;
}

/** What was seen of the blocks; `Sight` is the real one. */
export interface Seen {
  /** Names this boot and network namespace; the kernel's rules end with either. */
  readonly boot: string;
  /** The block of this target is gone, although nobody here took it back. */
  isGone(target: string): boolean;
  /** Why the method could not be asked what is in force; null when it could, or was not. */
  troubleOf(method: LedgerMethod): string | null;
}

/**
 * The one place that says by which method a target is blocked, whether that can be known and is so, whether and how it
 * can be taken back, and when it ends.
 */
export function blockState(entry: LedgerEntry, config: Config, seen: Seen): BlockState {
  const { method } = entry;
  const undo = undoOf(entry, config);
  const isKnowable = canBeKnown(method);
  return {
    method,
    isKnowable,
    inForce: isInForce(entry, isKnowable, seen),
    undo,
    ends: undo === null ? null : entry.block.until,
  };
}

/** Whether a method can say what is in force. */
export function canBeKnown(method: LedgerMethod): boolean {
  return method !== 'command' && method !== 'hosts.deny' && method !== 'none';
}

/** The method of the back end that serves a method of the ledger: hosts.deny needs none. */
export function backendOf(method: LedgerMethod): BlockMethod {
  return method === 'hosts.deny' ? 'none' : method;
}

/** What takes this block back. */
export function undoOf({ method, block, wrappersLine }: LedgerEntry, config: Config): Undo {
  // A line that stood there before the block is not ours.
  return undoBy(method, block.family, wrappersLine !== null, config);
}

/** What will be true of a block by this method that is made now. `best`: by whichever method is best here. */
export function stateToBe(
  method: LedgerMethod | 'best',
  family: 4 | 6,
  config: Config,
): Pick<BlockState, 'isKnowable' | 'undo'> {
  if (method === 'best') return { isKnowable: true, undo: 'method' };
  return { isKnowable: canBeKnown(method), undo: undoBy(method, family, true, config) };
}

/** How many blocks, in words. */
export function blockCount(count: number): string {
  return `${count} block${count === 1 ? '' : 's'}`;
}

/** Why a block that has no undo stays, in words that go on after a colon. */
export function whyNoUndo({ method, block }: Pick<LedgerEntry, 'method' | 'block'>): string {
  if (method !== 'command') return 'its line stood in hosts.deny before the block';
  return `what KILL_ROUTE did has no UNKILL_ROUTE${block.family === 6 ? ' for IPv6' : ''}`;
}

function undoBy(method: LedgerMethod, family: 4 | 6, ownsLine: boolean, config: Config): Undo {
  switch (method) {
    case 'command':
      return unkillRouteFor(config, family) === null ? null : 'command';
    case 'hosts.deny':
    case 'none':
      return ownsLine ? 'line' : null;
    default:
      return 'method';
  }
}

function isInForce(entry: LedgerEntry, isKnowable: boolean, seen: Seen): boolean | null {
  const { block, method, boot, inForce, ended } = entry;
  if (ended !== null || !inForce || seen.isGone(block.target)) return false;
  if (method !== 'hosts.deny' && boot !== seen.boot) return false;
  return isKnowable && seen.troubleOf(method) === null ? true : null;
}

/** Why a block has the kind `manual` that nobody ordered: only the kernel remembers it. */
export const FOUND_IN_FORCE = 'found in force at the start';

/** Whether an administrator has ordered the block. */
export function isByHand({ cause }: Pick<Block, 'cause'>): boolean {
  return cause.kind === 'manual' && cause.note !== FOUND_IN_FORCE;
}
