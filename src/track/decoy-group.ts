import type { ToolName } from '../classify/tool.ts';
import type { Address } from '../net/address.ts';
import { joinRanges, type ScannedRange } from './ranges.ts';

/** Members that are reported by name. nmap takes 128 decoys; a flood of forged sources has any number. */
export const MAX_NAMED = 16;

/** Members that add their ports and targets to those of the group: the others of a flood probe what these did. */
const MAX_MERGED = 1_024;

/** The part of a source that a group reads. */
export interface Member {
  readonly address: Address;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly probes: number;
  readonly ports: number;
  readonly hasMorePorts: boolean;
  readonly ranges: readonly ScannedRange[];
  readonly targets: number;
  readonly targetNames: readonly string[];
  readonly kinds: number;
  readonly marks: MemberMarks;
}

/** The part of a source's marks that a group reads and writes. */
export interface MemberMarks {
  group: DecoyGroup | null;
  isActive: boolean;
  readonly triggered: boolean;
  readonly reportedProbes: number;
  readonly tool: { readonly name: ToolName | null };
}

/**
 * Sources that sent the same probe at the same time, reported together: most of them are forged, and their packets do
 * not show which is not. There are as many members as tracked sources; the group keeps sums and a few names.
 */
export class DecoyGroup {
  /** The packets differ only in the source address, so they have one sender; otherwise they are only alike. */
  readonly isOneSender: boolean;
  /** Members so far, without those dismissed, and the addresses of the first ones. */
  size = 0;
  readonly names: string[] = [];
  // The sums of the members' scans that are over.
  first = Number.POSITIVE_INFINITY;
  last = 0;
  probes = 0;
  ports = 0;
  hasMorePorts = false;
  ranges: readonly ScannedRange[] = [];
  targets = 0;
  readonly targetNames: string[] = [];
  kinds = 0;
  triggered = false;
  tool: ToolName | null = null;
  /** Members whose ports and targets are in those of the group. */
  #merged = 0;
  /** Members whose scans continue. */
  #active = 0;

  constructor(isOneSender: boolean) {
    this.isOneSender = isOneSender;
  }

  /** Takes in a new active member. */
  join(address: Address): void {
    this.#active++;
    this.size++;
    if (this.names.length < MAX_NAMED) this.names.push(address.toString());
  }

  /** A member has become active again. */
  activated(): void {
    this.#active++;
  }

  /**
   * Removes a source that turned out not to be a decoy. True when it was the last active member and the sums of
   * others must be reported.
   */
  leave(source: Member): boolean {
    const { marks } = source;
    if (marks.isActive) this.#active--;
    marks.isActive = false;
    marks.group = null;
    this.size--;
    const at = this.names.indexOf(source.address.toString());
    if (at >= 0) this.names.splice(at, 1);
    return this.#active === 0 && this.probes > 0;
  }

  /**
   * The member's scan is over: adds it to the sums, and `withNames` its ports and targets. True when it was the last
   * active member.
   */
  deactivate(source: Member, withNames = true): boolean {
    const { marks } = source;
    this.first = Math.min(this.first, source.firstSeen);
    this.last = Math.max(this.last, source.lastSeen);
    this.probes += source.probes - marks.reportedProbes;
    this.ports = Math.max(this.ports, source.ports);
    this.hasMorePorts ||= source.hasMorePorts;
    this.targets = Math.max(this.targets, source.targets);
    if (withNames && this.#merged < MAX_MERGED) this.#addNames(source);
    this.kinds |= source.kinds;
    this.triggered ||= marks.triggered;
    this.tool ??= marks.tool.name;
    if (!marks.isActive) return false;
    marks.isActive = false;
    this.#active--;
    return this.#active === 0;
  }

  #addNames({ ranges, targetNames }: Member): void {
    this.#merged++;
    const isKnown = ranges.every((range) => this.ranges.some((known) => covers(known, range)));
    if (!isKnown) this.ranges = joinRanges([...this.ranges, ...ranges]);
    for (const name of targetNames) {
      if (this.targetNames.length < MAX_NAMED && !this.targetNames.includes(name))
        this.targetNames.push(name);
    }
  }
}

function covers(known: ScannedRange, range: ScannedRange): boolean {
  return known.transport === range.transport && known.first <= range.first && known.last >= range.last;
}
