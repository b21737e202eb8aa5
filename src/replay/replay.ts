import type { CaptureEnd, CaptureSource, FrameBatch } from '../capture/source.ts';
import { isWeak, Kind } from '../classify/kind.ts';
import { PacketProbe } from '../classify/probe.ts';
import { PORT_COUNT } from '../config/ports.ts';
import { PacketReader } from '../decode/packet-reader.ts';
import { REASON_COUNT, Reason } from '../decode/reason.ts';
import type { ChecksumRule } from '../decode/transport/checksum.ts';
import { TCP_HEADER_LENGTH } from '../decode/transport/tcp.ts';
import type { Engine } from '../engine.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_ARP, PROTOCOL_TCP } from '../net/protocol.ts';
import { MAX_PREFETCH } from '../track/source-table.ts';
import { WeakSources } from '../track/weak-sources.ts';
import { inferOpen } from '../watch/infer.ts';
import type { OpenPorts } from '../watch/open-ports.ts';
import type { SeenAnswers } from '../watch/seen-answers.ts';
import { hasData, type SeenConnections } from '../watch/seen-connections.ts';
import type { Sieve } from '../watch/sieve.ts';
import { ConnectionFilter } from './connection-filter.ts';
import type { Narrow } from './narrow.ts';
import { ProbeBuffer } from './probe-buffer.ts';
import type { ProbePages } from './probe-pages.ts';
import { WrongChecksums } from './wrong-checksums.ts';

/**
 * Candidate probes held before the first pass may begin to judge. By then a capture has shown which ports are in
 * constant use.
 */
const HELD_BEFORE_JUDGING = 1_024;

/**
 * Candidate probes held while they are judged early as well. A capture with more is probably a flood, where to hold them
 * takes a fifteenth of the time; if it was judged too early after all, it is read a second time.
 */
const HELD_WHILE_JUDGING = 8_192;

/** What a replay works with. */
export interface ReplayParts {
  readonly engine: Engine;
  /** Learns in the first pass which ports are in use. */
  readonly open: OpenPorts;
  readonly connections: SeenConnections;
  readonly answers: SeenAnswers;
  readonly checkSums: boolean;
  /** Which probes are judged; left out for all. */
  readonly narrow?: Narrow | null;
}

/** Runs captures through the engine. The times of the packets are the clock. */
export class Replay {
  /** Frames read, and their number for each `Reason`. */
  packets = 0;
  readonly counts = new Float64Array(REASON_COUNT);
  readonly wrongChecksums = new WrongChecksums();
  readonly #engine: Engine;
  readonly #open: OpenPorts;
  readonly #connections: SeenConnections;
  readonly #answers: SeenAnswers;
  readonly #rule: ChecksumRule;
  readonly #narrow: Narrow | null;
  readonly #sieve: Sieve;
  /** The pass learns what is in use. */
  #infers = false;
  /** A packet had a wrong checksum, so the others of its sender are looked at. */
  #hasWrongChecksums = false;
  #reader: PacketReader<PacketProbe>;
  #held = new ProbeBuffer();
  /** Made with the pass that learns the connections. */
  #filter: ConnectionFilter | null = null;
  /** The probes of the pass that learns the connections, where the first one could not hold them all. */
  #pages: ProbePages | null = null;
  /** `skipped` of the engine after the first pass, which counts. */
  #skipped: Float64Array | null = null;
  /** What the first pass does with candidate probes; `too early` when it should not have judged. */
  #first: 'hold' | 'judge' | 'too early' = 'hold';
  #mayJudgeEarly: boolean;
  /** Probes of watched ports that wait to be judged together. */
  readonly #probes = Array.from({ length: MAX_PREFETCH }, () => new PacketProbe());
  #waiting = 0;
  /** A judged packet may belong to a connection that the rest of the capture shows. */
  #judgedWeak = false;
  /** Sources that scan with bare ACKs as far as the first pass knows. */
  #suspects: WeakSources | null = null;
  #hasSuspects = false;
  /** The ports of candidate SYNs in the first pass; 1 for each. */
  readonly #synPorts = new Uint8Array(PORT_COUNT);
  /** Data went to one of them though nothing shows that it listens: one direction may be missing. */
  #isOneWay = false;
  /** The number of the capture that is read, and its frames before the batch. */
  #file = 0;
  #framesBefore = 0;
  /** Connections are noted as they are seen: without a first pass, or when it could not hold everything. */
  #notesConnections: boolean;

  constructor({ engine, open, connections, answers, checkSums, narrow = null }: ReplayParts) {
    this.#engine = engine;
    this.#open = open;
    this.#connections = connections;
    this.#answers = answers;
    this.#narrow = narrow;
    this.#rule = checkSums ? 'captured' : 'any';
    // A probe that was recorded or acted on cannot be taken back.
    this.#mayJudgeEarly = engine.onlyCounts;
    this.#notesConnections = engine.needsConnections;
    this.#sieve = engine.sieve();
    this.#reader = new PacketReader(this.#rule, new PacketProbe());
  }

  /**
   * The first pass; `file` is the number of the capture, counted from 0. Learns which ports were in use, and holds
   * candidate probes of all others. When there are many and no one reads the records, judges them early, because most
   * scans go to ports that never answer.
   */
  infer(source: CaptureSource, file = 0): Promise<CaptureEnd> {
    this.#notesConnections = false;
    this.#infers = true;
    return this.#pass(source, file, (batch) => this.#inferFrom(batch));
  }

  /**
   * Ends the first pass. When it judged too early, because a port was in use after all or a packet may belong to a
   * connection, forgets what was judged.
   */
  endFirst(): void {
    this.#answers.endNotes();
    if (this.#first !== 'too early') return;
    this.#first = 'hold';
    this.#judgedWeak = false;
    this.#engine.forgetAll();
  }

  /**
   * Whether somebody would be a scanner because of connections whose handshakes are not in the captures. Other segments
   * may still show the connections, so the captures must be read once more. Only then, because noting all is expensive.
   */
  get wantsConnections(): boolean {
    return this.#hasSuspects || this.#suspects?.hasForgotten === true || this.#isOneWay;
  }

  /**
   * The second pass where connections are wanted: learns them. Holds the candidate probes as well when the first one could
   * not, on the disk if necessary, so that no third reading is needed.
   */
  async learn(source: CaptureSource, file = 0): Promise<CaptureEnd> {
    if (this.#filter === null) {
      this.#filter = this.#connectionFilter();
      if (this.#held.overflowed) await this.#beginPages();
    }
    const filter = this.#filter;
    return this.#pass(source, file, (batch) => {
      for (let index = filter.next(batch, 0); index < batch.count; index = filter.next(batch, index + 1)) {
        if (this.#decode(batch, index) !== Reason.none) continue;
        this.#noteConnection();
        if (this.#pages !== null) this.#holdAgain(batch, index, this.#pages);
      }
    });
  }

  /** Judges what is held. False when that is not everything; the captures must then be read again. */
  async judgeHeld(): Promise<boolean> {
    if (this.#first === 'judge') return true;
    // The pass that learned the connections has seen the same packets.
    if (this.#skipped !== null) this.#engine.skipped.set(this.#skipped);
    const pages = this.#pages;
    if (pages?.seal()) {
      for (const page of pages.pages()) {
        this.#held = page;
        await this.#judgeAll();
      }
    } else if (this.#held.overflowed) this.#beginAnew();
    else await this.#judgeAll();
    pages?.close();
    return !this.#held.overflowed;
  }

  async #judgeAll(): Promise<void> {
    for (let from = 0; from < this.#held.size; from += MAX_PREFETCH) {
      this.#takeHeld(from);
      await this.#engine.settle();
    }
  }

  /** Loads what needs a temporary file only now. */
  async #beginPages(): Promise<void> {
    this.#pages = (await import('./probe-pages.ts')).ProbePages.open();
    this.#skipped = this.#engine.skipped.slice();
    // A new reader has no fragments of the first reading.
    this.#reader = new PacketReader(this.#rule, new PacketProbe());
  }

  /** Holds the packet if it is a candidate, as the first pass did, which has counted it. */
  #holdAgain(batch: FrameBatch, index: number, pages: ProbePages): void {
    const { packet } = this.#reader;
    const kind = this.#engine.kindOf(packet);
    if (kind === Kind.none || this.#reader.verify(batch.view) !== Reason.none) return;
    if (this.#narrow?.takes(packet) === false) return;
    packet.kind = kind;
    this.#setPlace(packet, index);
    pages.add(packet);
  }

  /** Judges every packet of the capture. */
  run(source: CaptureSource, file = 0): Promise<CaptureEnd> {
    this.#infers = false;
    return this.#pass(source, file, (batch) => {
      this.#judge(batch);
      // A file is read faster than any action ends. Without this pause none would end before the last frame.
      return this.#engine.settle();
    });
  }

  async #pass(
    source: CaptureSource,
    file: number,
    each: (batch: FrameBatch) => void | Promise<void>,
  ): Promise<CaptureEnd> {
    this.#file = file;
    this.#framesBefore = 0;
    for (;;) {
      const batch = await source.next();
      if (batch === null) break;
      await each(batch);
      this.#framesBefore += batch.count;
    }
    const { end } = source;
    source.close();
    if (end === null) throw new Error(`${source.name}: no batch, and no end`);
    return end;
  }

  #inferFrom(batch: FrameBatch): void {
    let decoded = 0;
    for (let index = this.#sieve.next(batch, 0); index < batch.count; decoded++) {
      this.#count(this.#inferFromFrame(batch, index), 1);
      index = this.#sieve.next(batch, index + 1);
    }
    this.#count(Reason.none, batch.count - decoded);
    if (this.#first === 'judge') {
      this.#takeWaiting();
      if (this.#open.wasWrong || this.#judgedWeak || this.#isOneWay) {
        this.#first = 'too early';
        this.#mayJudgeEarly = false;
      }
    }
    this.packets += batch.count;
  }

  #inferFromFrame(batch: FrameBatch, index: number): Reason {
    const reason = this.#decode(batch, index);
    if (reason !== Reason.none) return reason;
    const { packet } = this.#reader;
    if (packet.transportLength > TCP_HEADER_LENGTH) this.#noteOneWay(packet);
    inferOpen(packet, this.#open, this.#connections, this.#answers);
    return this.#first === 'judge' ? this.#judgePacket(batch, index) : this.#hold(batch, index);
  }

  #hold(batch: FrameBatch, index: number): Reason {
    const kind = this.#engine.kindOf(this.#reader.packet);
    if (kind === Kind.none) return this.#noProbe();
    // Checksums cost more than all the rest, so they are verified last and only for candidate probes.
    const reason = this.#reader.verify(batch.view);
    if (reason !== Reason.none || this.#hasWrongChecksums) this.#noteChecksum(reason);
    if (reason !== Reason.none) return reason;
    const { packet } = this.#reader;
    if (this.#narrow?.takes(packet) === false) return this.#leftOut();
    packet.kind = kind;
    this.#setPlace(packet, index);
    this.#keep(packet);
    if (this.#mayJudgeEarly && this.#held.size >= HELD_BEFORE_JUDGING) this.#judgeEarly();
    return this.#leftOut();
  }

  /** Notes where frame number `index` of the batch lies. */
  #setPlace(packet: PacketProbe, index: number): void {
    packet.file = this.#file;
    packet.frame = this.#framesBefore + index + 1;
  }

  #keep(packet: PacketProbe): void {
    const { kind, protocol, destinationPort } = packet;
    if (this.#first === 'judge' && this.#held.size >= HELD_WHILE_JUDGING) this.#held.overflow();
    else this.#held.add(packet);
    if (kind === Kind.syn) this.#synPorts[destinationPort] = 1;
    if (isWeak(kind) && protocol === PROTOCOL_TCP && this.#countsAsSuspect(packet)) this.#hasSuspects = true;
  }

  /** Judges what is held. It is only counted, so it can be taken back when a port turns out to be in use. */
  #judgeEarly(): void {
    this.#open.keepDenials();
    for (let from = 0; from < this.#held.size; from += MAX_PREFETCH) this.#takeHeld(from);
    this.#first = 'judge';
  }

  /** Judges one batch of what is held, from number `from` on. */
  #takeHeld(from: number): void {
    const end = Math.min(from + MAX_PREFETCH, this.#held.size);
    for (let index = from; index < end; index++) {
      const probe = this.#probes[this.#waiting] as PacketProbe;
      this.#held.read(index, probe);
      if (this.#engine.isInUse(probe, probe.kind)) continue;
      if (this.#isOneWay && probe.kind === Kind.syn && this.#connections.wentOn(probe)) continue;
      this.#judgedWeak ||= isWeak(probe.kind);
      this.#waiting++;
    }
    this.#takeWaiting();
  }

  /** Prepares another reading of the captures. Only what was learned stays. */
  #beginAnew(): void {
    this.#notesConnections = this.wantsConnections;
    this.packets = 0;
    this.counts.fill(0);
    this.wrongChecksums.clear();
    this.#hasWrongChecksums = false;
    this.#engine.skipped.fill(0);
    // A new reader has no fragments of the first reading.
    this.#reader = new PacketReader(this.#rule, new PacketProbe());
  }

  /**
   * Leaves out the connections of which nobody will ask: only what is held, and not yet known to be in use, will be
   * judged. Where one direction may be missing, what is noted of a connection may depend on others, so all are needed.
   */
  #connectionFilter(): ConnectionFilter {
    const filter = new ConnectionFilter(this.#held.overflowed || this.#isOneWay);
    const probe = new PacketProbe();
    for (let index = 0; index < this.#held.size; index++) {
      this.#held.read(index, probe);
      if (!this.#open.holds(probe.protocol, probe.destination, probe.destinationPort)) filter.want(probe);
    }
    return filter;
  }

  #countsAsSuspect(packet: PacketProbe): boolean {
    this.#suspects ??= new WeakSources(0, (source) => this.#engine.tracker.keyOf(source));
    return this.#suspects.counts(packet);
  }

  #noteConnection(): void {
    const { packet } = this.#reader;
    if (packet.protocol === PROTOCOL_TCP) this.#connections.note(packet);
  }

  /** Nobody sends data to a port that has refused the connection, or that never answered. */
  #noteOneWay(packet: PacketProbe): void {
    if (this.#isOneWay || this.#synPorts[packet.destinationPort] === 0 || !hasData(packet)) return;
    if (packet.protocol !== PROTOCOL_TCP) return;
    this.#isOneWay = !this.#open.has(PROTOCOL_TCP, packet.destination, packet.destinationPort);
  }

  #judge(batch: FrameBatch): void {
    let decoded = 0;
    for (let index = this.#nextToJudge(batch, 0); index < batch.count; decoded++) {
      this.#count(this.#judgeFrame(batch, index), 1);
      index = this.#nextToJudge(batch, index + 1);
    }
    this.#count(Reason.none, batch.count - decoded);
    this.#takeWaiting();
    this.packets += batch.count;
  }

  /** The next frame from `index` on that must be decoded. */
  #nextToJudge(batch: FrameBatch, index: number): number {
    return this.#notesConnections ? index : this.#sieve.next(batch, index);
  }

  #judgeFrame(batch: FrameBatch, index: number): Reason {
    const reason = this.#decode(batch, index);
    return reason === Reason.none ? this.#judgePacket(batch, index) : reason;
  }

  #count(reason: Reason, frames: number): void {
    this.counts[reason] = (this.counts[reason] as number) + frames;
  }

  /** Decodes the frame, and sets the time of the packet. */
  #decode(batch: FrameBatch, index: number): Reason {
    const reason = this.#reader.readFrame(batch, index);
    this.#reader.packet.time = batch.time[index] as number;
    return reason === Reason.fragment ? this.#reader.join(batch.view) : reason;
  }

  #judgePacket(batch: FrameBatch, index: number): Reason {
    if (this.#notesConnections) this.#noteConnection();
    const kind = this.#engine.kindOf(this.#reader.packet);
    if (kind === Kind.none) return this.#noProbe();
    if (!this.#infers && this.#isOneWay && kind === Kind.syn && this.#connections.wentOn(this.#reader.packet))
      return Reason.none;
    const reason = this.#reader.verify(batch.view);
    if (reason !== Reason.none || this.#hasWrongChecksums) this.#noteChecksum(reason);
    if (reason !== Reason.none) return reason;
    const { packet } = this.#reader;
    if (this.#narrow?.takes(packet) === false) return this.#leftOut();
    this.#judgedWeak ||= isWeak(kind);
    packet.kind = kind;
    this.#setPlace(packet, index);
    // Held as well, so that the captures need not be read once more when this was too early.
    if (this.#first === 'judge') this.#keep(packet);
    this.#reader.packet = this.#probes[this.#waiting] as PacketProbe;
    this.#probes[this.#waiting++] = packet;
    if (this.#waiting === MAX_PREFETCH) this.#takeWaiting();
    return kind === Kind.arp ? Reason.notIp : Reason.none;
  }

  #noProbe(): Reason {
    this.#sieve.note(this.#reader.packet, this.#open, this.#infers);
    return this.#leftOut();
  }

  /** ARP is looked at, and still not IP. */
  #leftOut(): Reason {
    return this.#reader.packet.protocol === PROTOCOL_ARP ? Reason.notIp : Reason.none;
  }

  #noteChecksum(reason: Reason): void {
    const { source } = this.#reader.packet;
    if (reason === Reason.none) this.wrongChecksums.noteRight(source);
    else this.wrongChecksums.noteWrong(source, (sender) => this.#hasProbeOf(sender));
    this.#hasWrongChecksums = true;
  }

  /** Whether a probe of the source was taken, or waits. */
  #hasProbeOf(source: Address): boolean {
    if (this.#engine.tracker.get(source) !== undefined || this.#held.hasSource(source)) return true;
    return this.#probes.slice(0, this.#waiting).some((probe) => probe.source.equals(source));
  }

  #takeWaiting(): void {
    this.#engine.takeAll(this.#probes, this.#waiting);
    this.#waiting = 0;
  }
}
