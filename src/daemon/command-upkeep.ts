import type { Failure } from '../commands/failure.ts';
import type { BackendPool } from '../firewall/pool.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { Address } from '../net/address.ts';
import type { Blocks } from '../respond/blocks.ts';
import { LostBlocks } from '../respond/lost-blocks.ts';
import { Presence } from '../respond/presence.ts';
import type { ActionQueue } from '../respond/queue.ts';

/** What the upkeep of blocks by KILL_ROUTE works with. */
export interface CommandUpkeepParts {
  readonly blocks: Blocks;
  readonly backends: BackendPool;
  readonly queue: ActionQueue;
  /** KILL_ROUTE or KILL_ROUTE6. */
  readonly killRouteFor: (family: 4 | 6) => string | null;
  readonly now: () => number;
  readonly tell: (text: string) => void;
}

/** Finds out which blocks by KILL_ROUTE are gone, by the answers that leave, and makes them again. */
export class CommandUpkeep {
  /** Gets the probes and the answers. */
  readonly presence: Presence;
  readonly #parts: CommandUpkeepParts;
  readonly #lost: LostBlocks;

  constructor(parts: CommandUpkeepParts) {
    const { blocks, killRouteFor, now, tell } = parts;
    this.#parts = parts;
    this.#lost = new LostBlocks({
      remake: (entry) => this.#remake(entry),
      stands: (entry) => this.#stands(entry),
      tell,
    });
    this.presence = new Presence({
      isNeeded: () => blocks.sight.hasCommands,
      find: (address, text) => this.#find(address, text),
      mayReject: ({ block }) => rejects(killRouteFor(block.family)),
      onGone: (entry) => {
        blocks.sight.lose(entry.block.target);
        void this.#lost.lost(entry, now());
      },
    });
  }

  /** Whether KILL_ROUTE is not run again for a block that is gone. */
  hasGivenUp(entry: LedgerEntry): boolean {
    return this.#lost.hasGivenUp(entry);
  }

  /** Must be called every second; `now` in ms since the epoch. */
  tick(now: number): void {
    this.#lost.tick(now);
  }

  #find(address: Address, text: string): { entry: LedgerEntry; since: number } | undefined {
    const { blocks } = this.#parts;
    const entry = blocks.covering(address, text);
    const since = entry?.method === 'command' ? blocks.sight.since(entry.block.target) : undefined;
    return entry === undefined || since === undefined ? undefined : { entry, since };
  }

  #stands({ block }: LedgerEntry): boolean {
    const entry = this.#parts.blocks.find(block.target);
    return entry?.ended === null && entry.method === 'command' && entry.block.since === block.since;
  }

  /** Undoes what may be left of a lost block, so that nothing stands twice, and makes it again. */
  async #remake(entry: LedgerEntry): Promise<Failure> {
    const { blocks, backends, queue } = this.#parts;
    const { block } = entry;
    const failure = await queue.run(block.target, async (signal) => {
      if (!this.#stands(entry)) return 'it has ended';
      if (blocks.stateOf(entry).undo !== null) await (await backends.get('command')).release(block, signal);
      return blocks.enforce(block, 'command', signal);
    });
    if (failure === null && this.#stands(entry)) blocks.confirm(block, null);
    return failure;
  }
}

/** Whether a command answers a blocked source itself. A route of the kind `reject` sends nothing. */
export function rejects(command: string | null): boolean {
  return command !== null && /\breject\b/i.test(command.replace(/\broute\b[^;&|]*/g, ''));
}
