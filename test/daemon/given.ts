import { onTestFinished } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import type { Modes } from '../../src/config/modes.ts';
import { BlockManager } from '../../src/daemon/block-manager.ts';
import { SteadyClock } from '../../src/daemon/clock.ts';
import { Lists, type ListsParts } from '../../src/daemon/lists.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import type { Prepared } from '../../src/preflight/prepare.ts';
import type { ActionStep, UnblockEvent } from '../../src/respond/event.ts';
import { ActionQueue } from '../../src/respond/queue.ts';
import { configWith } from '../respond/given.ts';

/** A configuration that blocks TCP sources by the null back end and depends on nothing of this host. */
export function blockingConfig(settings: Partial<Config> = {}): Config {
  return configWith({ blockTcp: 1, blockMethod: 'null', autoIgnore: false, ...settings });
}

/** What a start or a reload with this configuration is given. */
export function preparedWith(config: Config, modes: Modes = { tcp: 'atcp', udp: 'audp' }): Prepared {
  return { config, modes, interfaces: ['lo'], warnings: [] };
}

/** A block manager that is not started yet, and what it reports; it is closed when the test ends. */
export function makeBlockManager(
  settings: Partial<Config> = {},
  memory: BlockMemory = new BlockMemory(),
  dryRun = false,
) {
  const steps: ActionStep[] = [];
  const ends: UnblockEvent[] = [];
  const told: string[] = [];
  const queue = new ActionQueue();
  const config = blockingConfig(settings);
  const manager = new BlockManager(
    {
      config,
      dryRun,
      // Fake timers set both.
      clock: new SteadyClock({ wall: Date.now, monotonic: Date.now }),
      queue,
      onStep: (_target, step) => steps.push(step),
      onEnd: (event) => ends.push(event),
      tell: (text) => told.push(text),
    },
    memory,
  );
  onTestFinished(async () => {
    await queue.close();
    await manager.close();
  });
  return { manager, config, queue, memory, steps, ends, told };
}

/** Lists without a place on the disk, and what they told. */
export function listsOf(more: Partial<ListsParts>): { lists: Lists; told: string[] } {
  const told: string[] = [];
  const lists = new Lists({
    never: { ruleAgainstListing: () => null },
    passing: () => [],
    stateDir: () => null,
    dryRun: false,
    clock: { now: Date.now, toWall: (time) => time },
    tell: (text) => told.push(text),
    ...more,
  });
  return { lists, told };
}
