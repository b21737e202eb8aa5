import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerKind, LeftAnswer } from '../classify/answer.ts';
import { Probe } from '../classify/probe.ts';
import type { Engine } from '../engine.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_UDP } from '../net/protocol.ts';
import type { Presence } from '../respond/presence.ts';
import { Duplicates } from '../sensor/duplicates.ts';
import type { RecordCheck } from '../sensor/record-check.ts';
import { RECORD_LENGTH, RecordType, recordDevice, recordType } from '../sensor/record-format.ts';
import type { Home } from '../watch/home.ts';
import { type SocketTable, type Tables, tablesOf } from '../watch/sockets.ts';

/**
 * Looking at the host's sockets may take a fifth of the time: after a look of 0.1 ms the next one waits 0.4 ms. In a
 * flood, packets wait in the pipe meanwhile; a single probe never waits.
 */
const REST_PER_LOOK = 4;

/** An origin number of `Duplicates` is the sensor's number times this, plus the device's number, which is one octet. */
const DEVICES = 256;

/** What a receiver works with. */
export interface ProbeReceiverParts {
  readonly engine: Engine;
  readonly sockets: SocketTable;
  /** Refuses records that cannot be true. */
  readonly check: Pick<RecordCheck, 'readProbe' | 'readAnswer'>;
  /** This host's addresses; a function, because they change. */
  readonly home: () => Home;
  /** Whether the port belongs to a known service that is away. */
  readonly isKnown?: (protocol: number, address: Address, port: number) => boolean;
  /** Takes a packet to a port that the mode tcp listens on; false for any other packet. */
  readonly witness?: (probe: Probe) => boolean;
  /** Gets each probe that was judged: the packet sensor's holds begin here. */
  readonly judged?: (probe: Probe) => void;
  /** Looks for answers to sources that a command blocks. */
  readonly presence?: Pick<Presence, 'noteProbe' | 'noteAnswer'>;
  /** The daemon's clock, which never steps; in ms since the epoch. */
  readonly now: () => number;
}

/** Reads the sensor's records and gives the probes to the engine, without copies, own queries and ports in use. */
export class ProbeReceiver {
  /** Copies of packets that another device or sensor has captured too. */
  duplicates = 0;
  readonly #parts: ProbeReceiverParts;
  readonly #seen = new Duplicates();
  readonly #answer = new LeftAnswer();
  /** On the monotonic clock. */
  #nextLookMs = 0;
  #inUse = 0;

  constructor(parts: ProbeReceiverParts) {
    this.#parts = parts;
  }

  /** Takes `length` octets of whole records of the sensor with this number; resolves when the next batch may come. */
  async take(view: DataView, length: number, sensor: number): Promise<void> {
    const { engine, check } = this.#parts;
    const probe = new Probe();
    // An answer comes after its SYN, and shows that the SYN is no probe: note the answers of the batch first.
    this.#noteAnswers(view, length);
    let looked: readonly Tables[] = [];
    for (let offset = 0; offset < length; offset += RECORD_LENGTH) {
      if (recordType(view, offset) !== RecordType.probe) continue;
      if (!check.readProbe(view, offset, probe)) continue;
      if (this.#seen.seen(probe, sensor * DEVICES + recordDevice(view, offset))) {
        this.duplicates++;
        continue;
      }
      this.#parts.presence?.noteProbe(probe);
      if (this.#parts.witness?.(probe)) continue;
      if (this.#isOwnQuery(probe) || !engine.watches(probe, probe.kind)) continue;
      const tables = tablesOf(probe.protocol);
      // One look serves the batch: it comes after the packets, so it sees what was bound when they came.
      if (!looked.includes(tables)) {
        await this.#look((now) => this.#parts.sockets.look(tables, now));
        looked = [...looked, tables];
      }
      if (engine.isInUse(probe, probe.kind)) this.#inUse++;
      else if (engine.isDecisive(probe) && (await this.#isOfConnection(probe))) this.#inUse++;
      else if (this.#parts.isKnown?.(probe.protocol, probe.destination, probe.destinationPort))
        engine.takeKnown(probe);
      // A probe too weak to count may belong to a connection not yet known; many of them call for a look.
      else if (!engine.take(probe)) this.#inUse++;
      else this.#parts.judged?.(probe);
    }
  }

  /** How many packets came, or may have come, to ports in use since the last call. */
  takeInUse(): number {
    const count = this.#inUse;
    this.#inUse = 0;
    return count;
  }

  /** A listener may accept its one connection and close before any look, as that of an FTP client does. */
  #noteAnswers(view: DataView, length: number): void {
    const { home, sockets, presence, check } = this.#parts;
    const answer = this.#answer;
    for (let offset = 0; offset < length; offset += RECORD_LENGTH) {
      if (recordType(view, offset) !== RecordType.answer || !check.readAnswer(view, offset, answer)) continue;
      if (!home().has(answer.source)) continue;
      if (answer.kind === AnswerKind.synAck)
        sockets.noteAnswer(answer.source, answer.sourcePort, answer.time);
      presence?.noteAnswer(answer);
    }
  }

  /** Notes a query of this host, because its answer may come after its socket has closed. */
  #isOwnQuery(probe: Probe): boolean {
    const home = this.#parts.home();
    if (probe.protocol !== PROTOCOL_UDP || !home.has(probe.source) || home.has(probe.destination))
      return false;
    this.#parts.sockets.noteQuery(probe.source, probe.sourcePort, probe.time);
    return true;
  }

  /** Looks at the connections, which takes ms; so only before weak probes would make a source a scanner. */
  async #isOfConnection(probe: Probe): Promise<boolean> {
    const { engine, sockets } = this.#parts;
    await this.#look((now) => sockets.lookAtConnections(now));
    engine.recheck(probe);
    return engine.isInUse(probe, probe.kind);
  }

  async #look(look: (now: number) => void): Promise<void> {
    const wait = this.#nextLookMs - performance.now();
    if (wait > 0) await sleep(Math.ceil(wait));
    const begun = performance.now();
    look(this.#parts.now());
    const ended = performance.now();
    this.#nextLookMs = ended + (ended - begun) * REST_PER_LOOK;
  }
}
