import type { CaptureEnd, CaptureSource, FrameBatch } from './capture/source.ts';
import { classify, fillProbe } from './classify/classify.ts';
import { Kind } from './classify/kind.ts';
import { Probe } from './classify/probe.ts';
import { verifyChecksums } from './decode/checksum.ts';
import { decodeFrame } from './decode/frame.ts';
import { Packet } from './decode/packet.ts';
import { REASON_COUNT, Reason } from './decode/reason.ts';
import type { Engine } from './engine.ts';
import { MAX_WARM } from './track/source-table.ts';
import { inferOpen } from './watch/infer.ts';
import type { OpenPorts } from './watch/open-ports.ts';

/** Runs captures through the engine, with the packets' own clock. */
export class Replay {
  /** Frames read by `run`, and how many of them ended for each reason. */
  packets = 0;
  readonly counts = new Float64Array(REASON_COUNT);
  readonly #engine: Engine;
  readonly #open: OpenPorts;
  readonly #checkSums: boolean;
  readonly #packet = new Packet();
  /** Probes on watched ports that wait to be taken together. */
  readonly #probes = Array.from({ length: MAX_WARM }, () => new Probe());
  #waiting = 0;

  constructor(engine: Engine, open: OpenPorts, checkSums: boolean) {
    this.#engine = engine;
    this.#open = open;
    this.#checkSums = checkSums;
  }

  /** The first pass: learns which ports were in use. */
  infer(source: CaptureSource): Promise<CaptureEnd> {
    return this.#pass(source, (batch) => this.#inferFrom(batch));
  }

  /** Judges every packet of the capture. */
  run(source: CaptureSource): Promise<CaptureEnd> {
    return this.#pass(source, (batch) => {
      this.#judge(batch);
      // A file is read faster than any action ends: without a pause none would before its last frame.
      return this.#engine.settle();
    });
  }

  async #pass(source: CaptureSource, each: (batch: FrameBatch) => void | Promise<void>): Promise<CaptureEnd> {
    for (;;) {
      const batch = await source.next();
      if (batch === null) break;
      await each(batch);
    }
    const { end } = source;
    source.close();
    if (end === null) throw new Error(`${source.name}: no batch, and no end`);
    return end;
  }

  #inferFrom(batch: FrameBatch): void {
    const packet = this.#packet;
    for (let index = 0; index < batch.count; index++) {
      if (this.#decode(batch, index) === Reason.none) inferOpen(packet, this.#open);
    }
  }

  #judge(batch: FrameBatch): void {
    const { counts } = this;
    for (let index = 0; index < batch.count; index++) {
      const reason = this.#decode(batch, index);
      const sums = reason === Reason.none ? this.#judgePacket(batch, index) : reason;
      counts[sums] = (counts[sums] as number) + 1;
    }
    this.#takeWaiting();
    this.packets += batch.count;
  }

  #decode(batch: FrameBatch, index: number): Reason {
    return decodeFrame(
      batch.view,
      batch.offset[index] as number,
      batch.capturedLength[index] as number,
      batch.wireLength[index] as number,
      batch.linkType[index] as number,
      this.#packet,
    );
  }

  /** Sums are checked last and only of what would be a probe: they cost more than all the rest. */
  #judgePacket(batch: FrameBatch, index: number): Reason {
    const packet = this.#packet;
    const kind = classify(packet);
    if (kind === Kind.none || !this.#engine.watches(packet)) return Reason.none;
    packet.time = batch.time[index] as number;
    if (this.#engine.isInUse(packet)) return Reason.none;
    if (this.#checkSums) {
      const reason = verifyChecksums(batch.view, packet);
      if (reason !== Reason.none) return reason;
    }
    fillProbe(this.#probes[this.#waiting++] as Probe, packet, kind);
    if (this.#waiting === MAX_WARM) this.#takeWaiting();
    return Reason.none;
  }

  #takeWaiting(): void {
    const probes = this.#probes;
    this.#engine.tracker.warm(probes, this.#waiting);
    for (let index = 0; index < this.#waiting; index++) this.#engine.take(probes[index] as Probe);
    this.#waiting = 0;
  }
}
