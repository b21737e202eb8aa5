import type { Done, ScannerInfo } from '../control/scanners.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { NeverBlockRule } from '../respond/never-block.ts';
import { kindsOf } from '../track/scan.ts';
import { groupShapeOf, shapeOf } from '../track/shape.ts';
import type { Source } from '../track/source.ts';
import type { BlockManager } from './block-manager.ts';

/** A longer rule is cut: the comment of an ignore file may be of any length, and there is a row for each source. */
const MAX_RULE_CHARS = 200;

/** What is known of a source and what was done about it, as the control socket shows it. */
export function scannerInfo(
  manager: Pick<BlockManager, 'blocks' | 'clock' | 'allowList'>,
  source: Source,
): ScannerInfo {
  const { blocks, clock, allowList } = manager;
  const { address, marks } = source;
  const text = address.toString();
  const evidence = source.evidenceOf(address);
  const rule = allowList.never.match(address, evidence);
  const block = blocks.covering(address, text);
  const state = block === undefined ? null : blocks.stateOf(block);
  const { group } = marks;
  return {
    source: formatPrefix(source.prefix),
    firstSeen: clock.toWall(source.firstSeen),
    lastSeen: clock.toWall(source.lastSeen),
    probes: source.probes,
    ports: source.ports,
    atLeast: source.hasMorePorts,
    targets: source.targets,
    kinds: kindsOf(source.kinds),
    tool: marks.tool.name,
    shape:
      group === null
        ? shapeOf(source)
        : groupShapeOf(group.size, Math.max(group.ports, source.ports), group.isOneSender),
    evidence,
    done: state === null ? doneWithoutBlock(source, rule, hasEnded(manager, text)) : doneBy(state.inForce),
    target: block?.block.target ?? null,
    until: state === null || state.ends === null ? null : clock.toWall(state.ends),
    rule: rule === null ? null : rule.text.slice(0, MAX_RULE_CHARS),
  };
}

function doneBy(inForce: boolean | null): Done {
  return inForce === false ? 'not in force' : 'blocked';
}

function hasEnded({ blocks }: Pick<BlockManager, 'blocks'>, text: string): boolean {
  const known = blocks.find(text);
  return known !== undefined && known.ended !== null;
}

function doneWithoutBlock({ failures, marks }: Source, rule: NeverBlockRule | null, hadBlock: boolean): Done {
  if (rule !== null) return 'spared';
  if (failures > 0) return 'failed';
  if (marks.group !== null) return 'decoy';
  if (hadBlock && marks.acted) return 'unblocked';
  return marks.triggered ? 'logged' : 'seen';
}
