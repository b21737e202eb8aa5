import type { EngineRecorder } from '../engine.ts';
import type { BlockEvent, Reaction, RefusedEvent } from '../respond/event.ts';
import type { CapturePlace, DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';
import type { Findings } from './findings.ts';
import type { StampedText } from './stamped-text.ts';

/** Sources whose places are remembered until their scans end. The one that has waited longest leaves first. */
const MAX_PLACES = 65_536;

/** What a story is made of. */
export interface StoryParts {
  /** Writes what happens. */
  readonly recorder: EngineRecorder;
  /** Puts the times before its lines; null for lines without. */
  readonly stamp: StampedText | null;
  /** Sums up what happens; null without a summary. */
  readonly findings: Findings | null;
}

/** Passes the events of a replay on, and tells the others of them: when they were, where they lie, what they add up to. */
export class Story implements EngineRecorder {
  readonly #recorder: EngineRecorder;
  readonly #stamp: StampedText | null;
  readonly #findings: Findings | null;
  readonly #places = new Map<string, { first: CapturePlace; last: CapturePlace }>();

  constructor({ recorder, stamp, findings }: StoryParts) {
    this.#recorder = recorder;
    this.#stamp = stamp;
    this.#findings = findings;
  }

  get listens(): boolean {
    return this.#recorder.listens || this.#findings !== null;
  }

  get readsEvents(): boolean {
    return this.#recorder.readsEvents || this.#findings !== null;
  }

  probe(event: ProbeEvent, reported: Reported, reaction: Reaction): void {
    const { place } = event;
    this.#stamp?.at(event.time, place?.file);
    this.#findings?.probe(event);
    if (place !== undefined && this.#recorder.listens) this.#notePlace(event.source, place);
    this.#recorder.probe(event, reported, reaction);
  }

  scan(event: ScanEvent): void {
    const places = event.sources === 1 ? this.#places.get(event.source) : undefined;
    this.#stamp?.at(event.last, places?.last.file);
    this.#findings?.scan(event);
    this.#recorder.scan(places === undefined ? event : { ...event, places });
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

  #notePlace(source: string, place: CapturePlace): void {
    const known = this.#places.get(source);
    if (known !== undefined) {
      known.last = place;
      return;
    }
    if (this.#places.size === MAX_PLACES) {
      const oldest = this.#places.keys().next().value;
      if (oldest !== undefined) this.#places.delete(oldest);
    }
    this.#places.set(source, { first: place, last: place });
  }
}
