import { linkTypeName } from '../capture/link-type.ts';
import type { Modes } from '../config/modes.ts';
import { REASON_COUNT, reasonText } from '../decode/reason.ts';
import type { Engine } from '../engine.ts';
import type { ScanEvent } from '../track/event.ts';
import { Skip } from '../watch/skipped.ts';
import type { CaptureFacts } from './capture-facts.ts';
import type { Findings, ProbedPort } from './findings.ts';
import { checksumHint, floodHint, unwatchedHint } from './hints.ts';
import type { Replay } from './replay.ts';

/** A name and a number of packets. */
export interface PacketCount {
  readonly name: string;
  readonly packets: number;
}

/** What a replay comes to. Times are ms since the epoch; null without packets. */
export interface Summary {
  readonly files: number;
  /** Comments of the captures (pcapng). */
  readonly comments: readonly string[];
  readonly first: number | null;
  readonly last: number | null;
  readonly linkTypes: readonly PacketCount[];
  readonly packets: number;
  /** Packets that were left out, by the reason. */
  readonly leftOut: readonly PacketCount[];
  readonly probes: number;
  readonly scans: number;
  readonly sources: number;
  readonly targets: number;
  /** There were more sources, or targets, than were counted. */
  readonly hasMoreSources: boolean;
  readonly hasMoreTargets: boolean;
  readonly topSources: readonly ScanEvent[];
  readonly topPorts: readonly ProbedPort[];
  readonly hints: readonly string[];
}

/** What a summary is made of. */
export interface SummaryParts {
  readonly files: number;
  readonly comments: readonly string[];
  readonly facts: CaptureFacts;
  readonly findings: Findings;
  readonly replay: Replay;
  readonly engine: Engine;
  readonly modes: Modes;
  /** How many sources and ports are named. */
  readonly top: number;
}

/** Sums up a replay that is over. */
export function summarize(parts: SummaryParts): Summary {
  const { files, comments, facts, findings, replay, engine, modes, top } = parts;
  const leftOut = leftOutOf(replay, engine, modes);
  const hints = [
    checksumHint(replay.wrongChecksums.senders),
    unwatchedHint(engine.probes, engine.skipped, modes),
    floodHint(findings.singles, engine.scans),
  ];
  return {
    files,
    comments,
    first: facts.packets > 0 ? facts.first : null,
    last: facts.packets > 0 ? facts.last : null,
    linkTypes: [...facts.linkTypes].map(([type, packets]) => ({ name: linkTypeName(type), packets })),
    packets: replay.packets,
    leftOut,
    probes: engine.probes,
    scans: engine.scans,
    sources: findings.sources.size,
    targets: findings.targets.size,
    hasMoreSources: findings.sources.isMore,
    hasMoreTargets: findings.targets.isMore,
    topSources: findings.topSources.top(top),
    topPorts: findings.topPorts(top),
    hints: hints.filter((hint) => hint !== null),
  };
}

/** Every packet that was left out has a count that says why. */
function leftOutOf({ counts }: Replay, { skipped }: Engine, modes: Modes): PacketCount[] {
  const all: PacketCount[] = [];
  for (let reason = 1; reason < REASON_COUNT; reason++)
    all.push({ name: reasonText(reason), packets: counts[reason] as number });
  all.push(
    { name: 'source is destination', packets: skipped[Skip.ownSource] as number },
    { name: 'not to a protected address', packets: skipped[Skip.notHome] as number },
    { name: unwatched('TCP', modes.tcp), packets: skipped[Skip.tcpPort] as number },
    { name: unwatched('UDP', modes.udp), packets: skipped[Skip.udpPort] as number },
  );
  return all.filter(({ packets }) => packets > 0);
}

function unwatched(protocol: string, mode: string | null): string {
  return mode === null
    ? `${protocol} ports, without a ${protocol} mode`
    : `${protocol} ports that ${mode} does not watch`;
}
