import { Address } from '../net/address.ts';
import type { FrameNumber } from './capture-place.ts';
import type { DecoyGroup } from './decoy-group.ts';
import { EVIDENCE, type Evidence, isBetter } from './evidence.ts';
import { ACTIVE, type Members } from './members.ts';
import { Count, Flag, type Proof, type SourceState, Wide } from './source-state.ts';
import { ToolVote } from './tool-vote.ts';

/** Addresses of a source that are remembered as genuine; an attacker proves his own ones, and the oldest leaves. */
const MAX_PROVEN = 8;

/** Frames are counted from 1; outside of a replay there is none. */
const NO_FRAME = 0;

/** What a source's probes have shown, besides their number: a view of its slot's row. */
export class Marks {
  readonly #state: SourceState;
  readonly #members: Members;
  readonly #slot: number;

  constructor(state: SourceState, members: Members, slot: number) {
    this.#state = state;
    this.#members = members;
    this.#slot = slot;
  }

  /** In the current scan, the source triggered and is not spared. */
  get triggered(): boolean {
    return this.#state.has(this.#slot, Flag.triggered);
  }

  set triggered(triggered: boolean) {
    this.#state.setFlag(this.#slot, Flag.triggered, triggered);
  }

  /** A response began during the current scan. */
  get acted(): boolean {
    return this.#state.has(this.#slot, Flag.acted);
  }

  set acted(acted: boolean) {
    this.#state.setFlag(this.#slot, Flag.acted, acted);
  }

  /** The tool of the scan. */
  get tool(): ToolVote {
    return new ToolVote(this.#state, this.#slot);
  }

  /** Probes of the scan that look like traceroute's. */
  get traceroutes(): number {
    return this.#state.count(this.#slot, Count.traceroutes);
  }

  set traceroutes(probes: number) {
    this.#state.setCount(this.#slot, Count.traceroutes, probes);
  }

  /** Probes of the scan in the last reported summary. */
  get reportedProbes(): number {
    return this.#state.count(this.#slot, Count.reportedProbes);
  }

  set reportedProbes(probes: number) {
    this.#state.setCount(this.#slot, Count.reportedProbes, probes);
  }

  /** The best evidence that a judged probe of the scan had. */
  get evidence(): Evidence {
    return EVIDENCE[this.#state.count(this.#slot, Count.evidence)] as Evidence;
  }

  /** Notes the evidence of a probe. It may be weaker than before: SCAN_WINDOW forgets attempts in the midst of a scan. */
  noteEvidence(evidence: Evidence): void {
    if (isBetter(evidence, this.evidence))
      this.#state.setCount(this.#slot, Count.evidence, EVIDENCE.indexOf(evidence));
  }

  /** The sources that send the same at the same time; null when it is on its own. */
  get group(): DecoyGroup | null {
    return this.#members.groups[this.#slot] ?? null;
  }

  set group(group: DecoyGroup | null) {
    this.#members.groups[this.#slot] = group;
  }

  /** It is an active member of its group. */
  get isActive(): boolean {
    return ((this.#members.states[this.#slot] as number) & ACTIVE) !== 0;
  }

  set isActive(isActive: boolean) {
    const state = (this.#members.states[this.#slot] as number) & ~ACTIVE;
    this.#members.states[this.#slot] = isActive ? state | ACTIVE : state;
  }

  /** Notes that an address of the source is genuine: an IPv6 source has several, and one proves nothing for others. */
  prove(address: Address, proof: Proof): void {
    const known = this.proofOf(address);
    if (known !== null && !isBetter(proof, known)) return;
    const others = this.#state.proven(this.#slot).filter((each) => !each.address.equals(address));
    this.#state.setProven(this.#slot, [
      ...others.slice(1 - MAX_PROVEN),
      { address: Address.from(address), proof },
    ]);
  }

  /** How it is known that an address of the source is genuine; null when it is not. */
  proofOf(address: Address): Proof | null {
    return this.#state.proven(this.#slot).find((each) => each.address.equals(address))?.proof ?? null;
  }

  /** Notes where a probe lies. */
  notePlace({ file, frame }: FrameNumber): void {
    const state = this.#state;
    const slot = this.#slot;
    if (state.wide(slot, Wide.firstFrame) === NO_FRAME) {
      state.setCount(slot, Count.firstFile, file);
      state.setWide(slot, Wide.firstFrame, frame);
    }
    state.setCount(slot, Count.lastFile, file);
    state.setWide(slot, Wide.lastFrame, frame);
  }

  /** Where the first and the last probe of the scan lie in captures; null when that was not noted. */
  get places(): { readonly first: FrameNumber; readonly last: FrameNumber } | null {
    const state = this.#state;
    const slot = this.#slot;
    const firstFrame = state.wide(slot, Wide.firstFrame);
    if (firstFrame === NO_FRAME) return null;
    return {
      first: { file: state.count(slot, Count.firstFile), frame: firstFrame },
      last: { file: state.count(slot, Count.lastFile), frame: state.wide(slot, Wide.lastFrame) },
    };
  }

  /** Forgets everything but the group, because the scan is over. */
  reset(): void {
    const state = this.#state;
    const slot = this.#slot;
    if (!state.isWritten(slot)) return;
    state.forgetProven(slot);
    this.triggered = false;
    this.acted = false;
    this.tool.reset();
    this.traceroutes = 0;
    this.reportedProbes = 0;
    state.setCount(slot, Count.evidence, 0);
    state.setWide(slot, Wide.firstFrame, NO_FRAME);
  }
}
