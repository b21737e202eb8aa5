import type { CaptureEnd, CaptureSource, FrameBatch } from './capture/source.ts';
import { classify, fillProbe } from './classify/classify.ts';
import { isWeak, Kind } from './classify/kind.ts';
import { Probe } from './classify/probe.ts';
import { PacketReader } from './decode/packet-reader.ts';
import { REASON_COUNT, Reason } from './decode/reason.ts';
import type { Engine } from './engine.ts';
import { HeldProbes } from './held-probes.ts';
import { PROTOCOL_TCP } from './net/protocol.ts';
import { MAX_WARM } from './track/source-table.ts';
import { WeakSources } from './track/weak-sources.ts';
import { inferOpen } from './watch/infer.ts';
import type { OpenPorts } from './watch/open-ports.ts';
import { type SeenConnections, showsConnection } from './watch/seen-connections.ts';

export interface ReplayParts {
  readonly engine: Engine;
  /** What the first pass finds to be in use. */
  readonly open: OpenPorts;
  readonly connections: SeenConnections;
  readonly checkSums: boolean;
}

/** Runs captures through the engine, with the packets' own clock. */
export class Replay {
  /** Frames read, and how many of them ended for each reason. */
  packets = 0;
  readonly counts = new Float64Array(REASON_COUNT);
  readonly #engine: Engine;
  readonly #open: OpenPorts;
  readonly #connections: SeenConnections;
  readonly #checkSums: boolean;
  #reader: PacketReader;
  readonly #probe = new Probe();
  readonly #held = new HeldProbes();
  /** Probes on watched ports that wait to be taken together. */
  readonly #probes = Array.from({ length: MAX_WARM }, () => new Probe());
  #waiting = 0;
  /** Who would be a scanner by bare ACKs, by all that the first pass knows. */
  readonly #suspects: WeakSources;
  #hasSuspects = false;
  /** Without a first pass, or when it could not hold all, connections are noted as they are seen. */
  #notesConnections: boolean;

  constructor({ engine, open, connections, checkSums }: ReplayParts) {
    this.#engine = engine;
    this.#open = open;
    this.#connections = connections;
    this.#checkSums = checkSums;
    this.#suspects = new WeakSources(0, (source) => engine.tracker.keyOf(source));
    this.#notesConnections = engine.needsConnections;
    this.#reader = new PacketReader(checkSums);
  }

  /** The first pass: learns which ports were in use, and holds what would be probes on others. */
  infer(source: CaptureSource): Promise<CaptureEnd> {
    this.#notesConnections = false;
    return this.#pass(source, (batch) => this.#inferFrom(batch));
  }

  /**
   * Whether somebody would be a scanner by bare ACKs whose handshakes the captures do not show. Then data may show the
   * connections, and the captures are to be read once more for it: most never, for to note all data costs much.
   */
  get wantsConnections(): boolean {
    return this.#hasSuspects;
  }

  /** The pass between: learns who is connected. */
  learn(source: CaptureSource): Promise<CaptureEnd> {
    return this.#pass(source, (batch) => {
      for (let index = 0; index < batch.count; index++) {
        if (this.#decode(batch, index) === Reason.none) this.#noteConnection();
      }
    });
  }

  /** Judges what the first pass has held; false when that was not all, so that the captures must be read again. */
  async judgeHeld(): Promise<boolean> {
    if (this.#held.overflowed) {
      this.packets = 0;
      this.counts.fill(0);
      // The second reading starts with no fragment of the first.
      this.#reader = new PacketReader(this.#checkSums);
      this.#notesConnections = this.#engine.needsConnections;
      return false;
    }
    for (let first = 0; first < this.#held.size; first += MAX_WARM) {
      const end = Math.min(first + MAX_WARM, this.#held.size);
      for (let index = first; index < end; index++) {
        const probe = this.#probes[this.#waiting] as Probe;
        this.#held.read(index, probe);
        if (!this.#engine.isInUse(probe, probe.kind)) this.#waiting++;
      }
      this.#takeWaiting();
      await this.#engine.settle();
    }
    return true;
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
    const { counts } = this;
    for (let index = 0; index < batch.count; index++) {
      let reason = this.#decode(batch, index);
      if (reason === Reason.none) {
        inferOpen(this.#reader.packet, this.#open, this.#connections);
        if (!this.#held.overflowed) reason = this.#hold(batch, index);
      }
      counts[reason] = (counts[reason] as number) + 1;
    }
    this.packets += batch.count;
  }

  #hold(batch: FrameBatch, index: number): Reason {
    const kind = this.#kindOf(batch, index);
    if (kind === Kind.none) return Reason.none;
    // Sums are checked last and only of what would be a probe: they cost more than all the rest.
    const reason = this.#reader.verify(batch.view);
    if (reason !== Reason.none) return reason;
    fillProbe(this.#probe, this.#reader.packet, kind);
    this.#held.add(this.#probe);
    if (isWeak(kind) && this.#probe.protocol === PROTOCOL_TCP && this.#suspects.counts(this.#probe))
      this.#hasSuspects = true;
    return Reason.none;
  }

  #noteConnection(): void {
    const { packet } = this.#reader;
    if (packet.protocol === PROTOCOL_TCP && showsConnection(packet)) this.#connections.note(packet);
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
    const reason = this.#reader.read(
      batch.view,
      batch.offset[index] as number,
      batch.capturedLength[index] as number,
      batch.wireLength[index] as number,
      batch.linkType[index] as number,
    );
    if (reason !== Reason.fragment) return reason;
    this.#reader.packet.time = batch.time[index] as number;
    return this.#reader.join(batch.view);
  }

  #judgePacket(batch: FrameBatch, index: number): Reason {
    if (this.#notesConnections) this.#noteConnection();
    const kind = this.#kindOf(batch, index);
    if (kind === Kind.none) return Reason.none;
    const reason = this.#reader.verify(batch.view);
    if (reason !== Reason.none) return reason;
    fillProbe(this.#probes[this.#waiting++] as Probe, this.#reader.packet, kind);
    if (this.#waiting === MAX_WARM) this.#takeWaiting();
    return Reason.none;
  }

  /** What the packet is when it knocks on a watched port that is, by all that is known, not in use. */
  #kindOf(batch: FrameBatch, index: number): Kind {
    const { packet } = this.#reader;
    if (!this.#engine.watchesPort(packet)) return Kind.none;
    const kind = classify(packet);
    if (kind === Kind.none || !this.#engine.watches(packet, kind)) return Kind.none;
    packet.time = batch.time[index] as number;
    return this.#engine.isInUse(packet, kind) ? Kind.none : kind;
  }

  #takeWaiting(): void {
    const probes = this.#probes;
    this.#engine.tracker.warm(probes, this.#waiting);
    for (let index = 0; index < this.#waiting; index++) this.#engine.take(probes[index] as Probe);
    this.#waiting = 0;
  }
}
