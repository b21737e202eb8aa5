import type { ToolName } from '../classify/tool.ts';
import type { Address } from '../net/address.ts';

/** Members that are told by name. nmap takes 128 decoys; a flood of forged sources has any number. */
export const MAX_NAMED = 16;

/** What a group reads of a source. */
export interface Member {
  readonly address: Address;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly probes: number;
  readonly ports: number;
  readonly targets: number;
  readonly kinds: number;
  readonly marks: MemberMarks;
}

/** What a group reads and keeps in the marks of a source. */
export interface MemberMarks {
  group: DecoyGroup | null;
  isActive: boolean;
  alone: number;
  readonly triggered: boolean;
  readonly toldProbes: number;
  readonly tool: { readonly name: ToolName | null };
}

/**
 * Sources that sent the same probe at the same time, as one story: most of them are forged, and which is not cannot
 * be told from their packets. Members are as many as sources are tracked; the group keeps sums and a few names.
 */
export class DecoyGroup {
  /** Same packet but for the source address, so it is one sender's; else they are only alike. */
  readonly isOneSender: boolean;
  /** Members so far, without those that showed to be no decoys, and what the first ones are called. */
  size = 0;
  readonly names: string[] = [];
  // The sums of their scans as far as these are over.
  first = Number.POSITIVE_INFINITY;
  last = 0;
  probes = 0;
  ports = 0;
  targets = 0;
  kinds = 0;
  triggered = false;
  tool: ToolName | null = null;
  /** Members whose scans go on. */
  #active = 0;

  constructor(isOneSender: boolean) {
    this.isOneSender = isOneSender;
  }

  join(source: Member): void {
    const { marks } = source;
    marks.group = this;
    marks.alone = 0;
    this.size++;
    if (this.names.length < MAX_NAMED) this.names.push(source.address.toString());
    this.wake(source);
  }

  /** The member has sent something. */
  wake({ marks }: Member): void {
    if (!marks.isActive) this.#active++;
    marks.isActive = true;
  }

  /**
   * The member is none after all: what it does is its own scan from now on. True when it was the last one that went
   * on, and others' sums are to be told.
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

  /** The member's scan is over: adds it to the sums. True when it was the last one that went on. */
  rest(source: Member): boolean {
    const { marks } = source;
    this.first = Math.min(this.first, source.firstSeen);
    this.last = Math.max(this.last, source.lastSeen);
    this.probes += source.probes - marks.toldProbes;
    this.ports = Math.max(this.ports, source.ports);
    this.targets = Math.max(this.targets, source.targets);
    this.kinds |= source.kinds;
    this.triggered ||= marks.triggered;
    this.tool ??= marks.tool.name;
    if (!marks.isActive) return false;
    marks.isActive = false;
    this.#active--;
    return this.#active === 0;
  }
}
