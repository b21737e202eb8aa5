import type { Probe } from '../classify/probe.ts';
import type { EngineRecorder } from '../engine.ts';
import type { BlockEvent, Reaction, RefusedEvent } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';
import type { Findings } from './findings.ts';
import type { StampedText } from './stamped-text.ts';

/** Probes between two calls of `onProbes`. */
const PROBES_PER_CALL = 1_024;

/** What a story is made of. */
export interface StoryParts {
  /** Writes what happens. */
  readonly recorder: EngineRecorder;
  /** Puts the times before its lines; null for lines without. */
  readonly stamp: StampedText | null;
  /** Sums up what happens; null without a summary. */
  readonly findings: Findings | null;
  /** Called once in PROBES_PER_CALL probes. */
  readonly onProbes?: () => void;
}

/** Passes the events of a replay on, and tells the others of them: when they were, where they lie, what they add up to. */
export class Story implements EngineRecorder {
  readonly #recorder: EngineRecorder;
  readonly #stamp: StampedText | null;
  readonly #findings: Findings | null;
  readonly #onProbes: () => void;
  #probes = 0;
  /** Set where there is nothing but a summary. */
  readonly sum: ((probe: Probe, reported: Reported) => void) | null;

  constructor({ recorder, stamp, findings, onProbes = () => {} }: StoryParts) {
    this.#recorder = recorder;
    this.#stamp = stamp;
    this.#findings = findings;
    this.#onProbes = onProbes;
    this.sum = recorder.listens || findings === null ? null : (...probe) => this.#sum(findings, ...probe);
  }

  get listens(): boolean {
    return this.#recorder.listens || this.#findings !== null;
  }

  get readsEvents(): boolean {
    return this.#recorder.readsEvents;
  }

  wantsScan(probes: number): boolean {
    return this.#findings?.wantsScan(probes) === true;
  }

  probe(event: ProbeEvent, reported: Reported, reaction: Reaction): void {
    this.#stamp?.at(event.time, event.place?.file);
    this.#findings?.probe(event, reported);
    this.#recorder.probe(event, reported, reaction);
    this.#countProbe();
  }

  #sum(findings: Findings, probe: Probe, reported: Reported): void {
    findings.sum(probe, reported);
    this.#countProbe();
  }

  #countProbe(): void {
    if (++this.#probes % PROBES_PER_CALL === 0) this.#onProbes();
  }

  scan(event: ScanEvent): void {
    this.#stamp?.at(event.last, event.places?.last.file);
    this.#findings?.scan(event);
    this.#recorder.scan(event);
  }

  decoys(event: DecoysEvent): void {
    this.#stamp?.at(event.time, event.place?.file);
    this.#recorder.decoys(event);
  }

  forget(source: string, reported: Reported): void {
    this.#recorder.forget(source, reported);
  }

  refused(event: RefusedEvent): void {
    this.#recorder.refused(event);
  }

  spared(event: ProbeEvent): void {
    this.#recorder.spared(event);
  }

  block(event: BlockEvent, probe: ProbeDetails): void {
    this.#recorder.block(event, probe);
  }

  unblocked(event: ProbeDetails): void {
    this.#recorder.unblocked(event);
  }
}
