import type { CaptureEnd, CaptureSource, FrameBatch } from '../capture/source.ts';
import { isWeak, Kind } from '../classify/kind.ts';
import { PacketProbe } from '../classify/probe.ts';
import { PacketReader } from '../decode/packet-reader.ts';
import { REASON_COUNT, Reason } from '../decode/reason.ts';
import type { Engine } from '../engine.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';
import { MAX_PREFETCH } from '../track/source-table.ts';
import { WeakSources } from '../track/weak-sources.ts';
import { inferOpen } from '../watch/infer.ts';
import type { OpenPorts } from '../watch/open-ports.ts';
import { type SeenConnections, showsConnection } from '../watch/seen-connections.ts';
import { ProbeBuffer } from './probe-buffer.ts';
import { warmUpTracking } from './warm-up.ts';

/**
 * So many would-be probes are held before the first pass begins to judge, where it may: enough for what a capture has
 * to teach of the ports that are asked for all the time.
 */
const HELD_FIRST = 1_024;

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
  #reader: PacketReader<PacketProbe>;
  #held = new ProbeBuffer();
  /** What the first pass does with what would be a probe; `too early` when it ought not to have judged. */
  #first: 'hold' | 'judge' | 'too early' = 'hold';
  #mayJudgeEarly: boolean;
  /** Probes on watched ports that wait to be taken together. */
  readonly #probes = Array.from({ length: MAX_PREFETCH }, () => new PacketProbe());
  #waiting = 0;
  /** Something was taken that may be a connection's, of which the rest of the capture may tell. */
  #tookWeak = false;
  /** Who would be a scanner by bare ACKs, by all that the first pass knows. */
  #suspects: WeakSources;
  #hasSuspects = false;
  /** Without a first pass, or when it could not hold all, connections are noted as they are seen. */
  #notesConnections: boolean;

  constructor({ engine, open, connections, checkSums }: ReplayParts) {
    this.#engine = engine;
    this.#open = open;
    this.#connections = connections;
    this.#checkSums = checkSums;
    this.#suspects = this.#newSuspects();
    // What somebody reads or what is acted on cannot be taken back.
    this.#mayJudgeEarly = engine.onlyCounts;
    this.#notesConnections = engine.needsConnections;
    this.#reader = new PacketReader(checkSums, new PacketProbe());
  }

  /**
   * The first pass: learns which ports were in use, and holds what would be probes on others. When these are many and
   * nobody hears of them, it judges them by what it has learned so far, for most scans go to ports that never answer.
   */
  infer(source: CaptureSource): Promise<CaptureEnd> {
    this.#notesConnections = false;
    return this.#pass(source, (batch) => this.#inferFrom(batch));
  }

  /**
   * Whether the first pass has judged what it cannot know: a port was in use after all, or a packet may have been a
   * connection's. All is forgotten then but what was learned, and it is to be made once more, which only holds.
   */
  wasTooEarly(): boolean {
    if (this.#first !== 'too early') return false;
    this.#mayJudgeEarly = false;
    this.#first = 'hold';
    this.#held = new ProbeBuffer();
    this.#suspects = this.#newSuspects();
    this.#hasSuspects = false;
    this.#tookWeak = false;
    this.#engine.forgetAll();
    this.#beginAnew();
    return true;
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

  /** Judges what the first pass has left; false when that is not all, so that the captures must be read again. */
  async judgeHeld(): Promise<boolean> {
    if (this.#first === 'judge') return true;
    if (this.#held.overflowed) {
      this.#beginAnew();
      this.#notesConnections = this.#engine.needsConnections;
      return false;
    }
    for (let from = 0; from < this.#held.size; from += MAX_PREFETCH) {
      this.#takeHeld(from);
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
    if (this.#first === 'too early') return;
    const { counts } = this;
    for (let index = 0; index < batch.count; index++) {
      let reason = this.#decode(batch, index);
      if (reason === Reason.none) {
        inferOpen(this.#reader.packet, this.#open, this.#connections);
        if (this.#first === 'judge') reason = this.#judgePacket(batch, index);
        else if (!this.#held.overflowed) reason = this.#hold(batch, index);
      }
      counts[reason] = (counts[reason] as number) + 1;
    }
    if (this.#first === 'judge') {
      this.#takeWaiting();
      if (this.#open.wasWrong || this.#tookWeak) this.#first = 'too early';
    }
    this.packets += batch.count;
  }

  #hold(batch: FrameBatch, index: number): Reason {
    const kind = this.#kindOf(batch, index);
    if (kind === Kind.none) return Reason.none;
    // Sums are checked last and only of what would be a probe: they cost more than all the rest.
    const reason = this.#reader.verify(batch.view);
    if (reason !== Reason.none) return reason;
    const { packet } = this.#reader;
    packet.kind = kind;
    this.#held.add(packet);
    if (isWeak(kind) && packet.protocol === PROTOCOL_TCP && this.#suspects.counts(packet))
      this.#hasSuspects = true;
    if (this.#mayJudgeEarly && this.#held.size >= HELD_FIRST) this.#judgeEarly();
    return Reason.none;
  }

  /** What is only counted can be taken back, when a port turns out to be in use after all. */
  #judgeEarly(): void {
    warmUpTracking();
    this.#open.keepDenials();
    for (let from = 0; from < this.#held.size; from += MAX_PREFETCH) this.#takeHeld(from);
    this.#first = 'judge';
  }

  /** Takes of what is held as many as are taken together, from number `from` on. */
  #takeHeld(from: number): void {
    const end = Math.min(from + MAX_PREFETCH, this.#held.size);
    for (let index = from; index < end; index++) {
      const probe = this.#probes[this.#waiting] as PacketProbe;
      this.#held.read(index, probe);
      if (this.#engine.isInUse(probe, probe.kind)) continue;
      this.#tookWeak ||= isWeak(probe.kind);
      this.#waiting++;
    }
    this.#takeWaiting();
  }

  /** For another reading: as if there had been none, but for what was learned. */
  #beginAnew(): void {
    this.packets = 0;
    this.counts.fill(0);
    // No fragment of the first reading is left.
    this.#reader = new PacketReader(this.#checkSums, new PacketProbe());
  }

  #newSuspects(): WeakSources {
    return new WeakSources(0, (source) => this.#engine.tracker.keyOf(source));
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
    this.#tookWeak ||= isWeak(kind);
    const { packet } = this.#reader;
    packet.kind = kind;
    this.#reader.packet = this.#probes[this.#waiting] as PacketProbe;
    this.#probes[this.#waiting++] = packet;
    if (this.#waiting === MAX_PREFETCH) this.#takeWaiting();
    return Reason.none;
  }

  #kindOf(batch: FrameBatch, index: number): Kind {
    const { packet } = this.#reader;
    packet.time = batch.time[index] as number;
    return this.#engine.kindOf(packet);
  }

  #takeWaiting(): void {
    this.#engine.takeAll(this.#probes, this.#waiting);
    this.#waiting = 0;
  }
}
