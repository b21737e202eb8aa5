import type { Config } from '../config/config.ts';
import type { Modes } from '../config/modes.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { Address } from '../net/address.ts';
import { formatTime } from '../record/times.ts';
import { isByHand, whyNoUndo } from '../respond/block-state.ts';
import type { Countermeasure } from '../respond/countermeasure.ts';
import type { NeverBlockRule } from '../respond/never-block.ts';
import { suffices } from '../track/evidence.ts';
import type { Source } from '../track/source.ts';
import type { BlockManager } from './block-manager.ts';

/** What is known of an address when `why` foretells what happens to it. */
export interface Known {
  readonly address: Address;
  /** The never-block rule that spares it. */
  readonly rule: NeverBlockRule | null;
  readonly block: LedgerEntry | undefined;
  readonly source: Source | undefined;
  readonly dryRun: boolean;
}

const UNPROVEN =
  'Nothing for packets that can be forged (BLOCK_SPOOFABLE="0"): only a source that proves its address is blocked.';

/** Sentences that say what happens at the source's next probe. */
export function foretell(
  blockManager: BlockManager,
  { config, modes }: { readonly config: Config; readonly modes: Modes },
  { address, rule, block, source, dryRun }: Known,
): string[] {
  if (block !== undefined && isByHand(block.block)) return [endOf(blockManager, block)];
  if (rule !== null) {
    const only = rule.isSilent ? 'counted' : 'logged';
    if (rule.yieldsToProof)
      return [
        `It is not blocked for packets that can be forged (${rule.text}); an accepted connection is another matter.`,
      ];
    return [`It is never blocked (${rule.text}); its probes are only ${only}.`];
  }
  if (block !== undefined) return [endOf(blockManager, block)];
  if (dryRun) return ['Nothing: this is a dry run.'];
  const evidence = source?.evidenceOf(address) ?? 'spoofable';
  if (source?.marks.group && config.decoyPolicy === 'log' && !suffices(evidence, 'block among decoys'))
    return ['Nothing while others send the same (DECOY_POLICY="log"); on its own it is judged like any.'];
  if (!config.blockSpoofable && !suffices(evidence, 'block that nobody can forge')) return [UNPROVEN];
  const missing = Math.max(1, config.scanTrigger + 1 - (source?.connects ?? 0));
  const probes = missing === 1 ? 'Its next probe' : `Its ${missing} next different probes`;
  const family = source?.address.isV4 === false ? 6 : 4;
  return (['tcp', 'udp'] as const).flatMap((transport) => {
    if (modes[transport] === null) return [];
    const consequence = consequenceOf(blockManager.countermeasureFor(transport, family));
    return [`${probes} to a watched ${transport.toUpperCase()} port: ${consequence}.`];
  });
}

function consequenceOf(measure: Countermeasure): string {
  switch (measure.does) {
    case 'logs':
      return 'it is only logged';
    case 'notifies':
      return 'KILL_RUN_CMD is run once, which blocks nobody';
    case 'fails':
      return 'it is not blocked, because nothing is configured that would do it';
    case 'blocks':
      return `it is blocked by ${measure.method}`;
  }
}

function endOf(blockManager: BlockManager, entry: LedgerEntry): string {
  const { inForce, undo, ends } = blockManager.blocks.stateOf(entry);
  if (inForce === false) {
    return blockManager.commands.hasGivenUp(entry)
      ? 'Its block is not in force, and KILL_ROUTE is not run for it again.'
      : 'Its block is not in force; its next probe makes it again.';
  }
  if (undo === null) return `Its block stays until you take it back: ${whyNoUndo(entry)}.`;
  return ends === null
    ? 'Its block has no end.'
    : `Its block ends at ${formatTime(blockManager.clock.toWall(ends))}.`;
}
