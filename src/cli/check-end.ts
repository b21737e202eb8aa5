import type { Config } from '../config/config.ts';
import { duration } from '../config/values.ts';
import type { LedgerMethod } from '../ledger/entry.ts';
import { stateToBe } from '../respond/block-state.ts';
import { countermeasureFor } from '../respond/countermeasure.ts';
import { plannedMethod } from '../respond/plan.ts';

/** A block that a scanner may get. */
interface Prospect {
  readonly method: LedgerMethod | 'best';
  readonly family: 4 | 6;
}

const time = duration({ forEver: true });

/** How long the blocks of this configuration last, how they end, and whether they can be seen: a line each. */
export function describeEnd(config: Config): string[] {
  const prospects = (['tcp', 'udp'] as const).flatMap((transport) =>
    ([4, 6] as const).map((family) => ({
      family,
      measure: countermeasureFor(config, plannedMethod(config), transport, family),
    })),
  );
  const blocks = prospects.flatMap(({ family, measure }): Prospect[] =>
    measure.does === 'blocks' ? [{ family, method: measure.method }] : [],
  );
  if (blocks.length === 0) {
    return prospects.some(({ measure }) => measure.does === 'notifies')
      ? ['KILL_RUN_CMD blocks nobody as far as is known here, so there is nothing to take back.']
      : ['No source is blocked, because nothing is configured that would do it.'];
  }
  const ends = perFamily(blocks, (block) => endOf(block, config));
  return [...ends, ...new Set(blocks.flatMap((block) => knowledgeOf(block, config)))];
}

/** One sentence when both families have the same, else one each. */
function perFamily(blocks: readonly Prospect[], sentence: (block: Prospect) => string): string[] {
  const each = new Map<string, Set<number>>();
  for (const block of blocks) {
    const text = sentence(block);
    each.set(text, (each.get(text) ?? new Set()).add(block.family));
  }
  if (each.size === 1) return [...each.keys()];
  return [...each].map(
    ([text, families]) => `${[...families].map((family) => `IPv${family}`).join(' and ')}: ${text}`,
  );
}

function endOf({ method, family }: Prospect, config: Config): string {
  if (stateToBe(method, family, config).undo === null) {
    const key = family === 6 && config.killRoute6 !== null ? 'UNKILL_ROUTE6' : 'UNKILL_ROUTE';
    return `A block stays until you remove it or until the next boot: ${key} is not set.`;
  }
  const { blockTime, blockTimeFactor: factor, blockTimeMax: longest } = config;
  if (blockTime === 0) return 'A block stays until somebody unblocks it; it survives restarts and reboots.';
  const growth = factor > 1 ? `, the next one of the same source ${factor} times as long` : '';
  const limit = factor > 1 && longest > 0 ? `, at most ${time.format(longest)}` : '';
  return `A block lasts ${time.format(blockTime)}${growth}${limit}; it survives restarts and reboots.`;
}

/** What cannot be known of such a block. */
function knowledgeOf({ method, family }: Prospect, config: Config): string[] {
  if (stateToBe(method, family, config).isKnowable) return [];
  return method === 'command'
    ? [
        'Nothing can say whether what KILL_ROUTE did is in force; it runs again for a source that still gets answers.',
      ]
    : [
        'Nothing can say whether a line in hosts.deny is in force: only programs that use tcpwrappers read it.',
      ];
}
