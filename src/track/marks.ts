import { Address } from '../net/address.ts';
import type { FrameNumber } from './capture-place.ts';
import type { DecoyGroup } from './decoy-group.ts';
import { type Evidence, isBetter } from './evidence.ts';
import { ACTIVE, type Members } from './members.ts';
import { ToolVote } from './tool-vote.ts';

/** Addresses of a source that are remembered as genuine; an attacker proves his own ones, and the oldest leaves. */
const MAX_PROVEN = 8;

/** Frames are counted from 1. */
const NO_FRAME = 0;

/** Evidence that no blind forger can make. */
export type Proof = Extract<Evidence, 'reacts' | 'handshake'>;

/** What a source's probes have shown, besides their number. */
export class Marks {
  /** In the current scan, the source triggered and is not spared. */
  triggered = false;
  /** The best evidence that a judged probe of the scan had. */
  evidence: Evidence = 'spoofable';
  /** A response began during the current scan. */
  acted = false;
  /** The tool of the scan. */
  readonly tool = new ToolVote();
  /** Probes of the scan that look like traceroute's. */
  traceroutes = 0;
  /** Where the first and the last probe of the scan lie in captures; no frame outside of a replay. */
  #firstFile = 0;
  #firstFrame = NO_FRAME;
  #lastFile = 0;
  #lastFrame = NO_FRAME;
  /** Probes of the scan in the last reported summary. */
  reportedProbes = 0;
  /** The addresses that are genuine, and how that is known; null while there is none. */
  #proven: { readonly address: Address; readonly proof: Proof }[] | null = null;
  readonly #members: Members;
  #slot: number;

  constructor(members: Members, slot: number) {
    this.#members = members;
    this.#slot = slot;
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
    const others = (this.#proven ?? []).filter((each) => !each.address.equals(address));
    this.#proven = [...others.slice(1 - MAX_PROVEN), { address: Address.from(address), proof }];
  }

  /** How it is known that an address of the source is genuine; null when it is not. */
  proofOf(address: Address): Proof | null {
    if (this.#proven === null) return null;
    return this.#proven.find((each) => each.address.equals(address))?.proof ?? null;
  }

  /** Notes the evidence of a probe. It may be weaker than before: SCAN_WINDOW forgets attempts in the midst of a scan. */
  noteEvidence(evidence: Evidence): void {
    if (isBetter(evidence, this.evidence)) this.evidence = evidence;
  }

  /** Notes where a probe lies. */
  notePlace({ file, frame }: FrameNumber): void {
    if (this.#firstFrame === NO_FRAME) {
      this.#firstFile = file;
      this.#firstFrame = frame;
    }
    this.#lastFile = file;
    this.#lastFrame = frame;
  }

  /** Where the first and the last probe lie; null when that was not noted. */
  get places(): { readonly first: FrameNumber; readonly last: FrameNumber } | null {
    if (this.#firstFrame === NO_FRAME) return null;
    return {
      first: { file: this.#firstFile, frame: this.#firstFrame },
      last: { file: this.#lastFile, frame: this.#lastFrame },
    };
  }

  /** Belongs to another slot from now on. */
  turnTo(slot: number): void {
    this.#slot = slot;
  }

  /** Forgets everything but the group, because the scan is over or the slot changes hands. */
  reset(): void {
    this.triggered = false;
    this.evidence = 'spoofable';
    this.#proven = null;
    this.acted = false;
    this.tool.reset();
    this.traceroutes = 0;
    this.#firstFrame = NO_FRAME;
    this.reportedProbes = 0;
  }
}
