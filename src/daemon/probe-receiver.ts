import { setTimeout as sleep } from 'node:timers/promises';
import { Probe } from '../classify/probe.ts';
import type { Engine } from '../engine.ts';
import { PROTOCOL_UDP } from '../net/protocol.ts';
import { Duplicates } from '../sensor/duplicates.ts';
import {
  RECORD_LENGTH,
  RecordType,
  readAnswer,
  readProbe,
  recordDevice,
  recordType,
} from '../sensor/record-format.ts';
import type { Home } from '../watch/home.ts';
import { type SocketTable, type Tables, tablesOf } from '../watch/sockets.ts';

/**
 * A look at the host's sockets may take a fifth of the time: after one of 0.1 ms the next waits 0.4 ms. In a
 * flood, packets wait in the pipe so long; a single probe never does.
 */
const REST_PER_LOOK = 4;

/** Devices that one origin number has room for. */
const DEVICES = 256;

export interface ProbeReceiverParts {
  readonly engine: Engine;
  readonly sockets: SocketTable;
  /** This host's addresses; asked anew each time, for they change. */
  readonly home: () => Home;
  /** Takes a packet to a port that we listen on ourselves; false when it is none. */
  readonly witness?: (probe: Probe) => boolean;
  /** The wall clock, in ms since the epoch. */
  readonly now: () => number;
}

/** From the capture child's records to the engine: sorts out copies and own questions, and looks who is bound. */
export class ProbeReceiver {
  /** Packets that were captured twice. */
  duplicates = 0;
  readonly #parts: ProbeReceiverParts;
  readonly #seen = new Duplicates();
  #nextLook = 0;
  #inUse = 0;

  constructor(parts: ProbeReceiverParts) {
    this.#parts = parts;
  }

  /** Takes `length` octets of whole records; resolves when the next batch may come. */
  async take(view: DataView, length: number, child: number): Promise<void> {
    const { engine } = this.#parts;
    const probe = new Probe();
    // Before any probe of the batch is judged: an answer comes after the SYN that it tells to be none.
    this.#noteAnswers(view, length, probe);
    let looked: readonly Tables[] = [];
    for (let offset = 0; offset < length; offset += RECORD_LENGTH) {
      if (recordType(view, offset) !== RecordType.probe) continue;
      if (!readProbe(view, offset, probe)) continue;
      if (this.#seen.seen(probe, child * DEVICES + recordDevice(view, offset))) {
        this.duplicates++;
        continue;
      }
      if (this.#parts.witness?.(probe)) continue;
      if (this.#isOwnQuestion(probe) || !engine.watches(probe, probe.kind)) continue;
      const tables = tablesOf(probe.protocol);
      // One look serves the batch: whatever was bound when its packets came is seen by a look after them.
      if (!looked.includes(tables)) {
        await this.#look((now) => this.#parts.sockets.look(tables, now));
        looked = [...looked, tables];
      }
      if (engine.isInUse(probe, probe.kind)) this.#inUse++;
      else if (engine.isDecisive(probe) && (await this.#isOfConnection(probe))) this.#inUse++;
      // What is too weak to be told may be a connection's that nobody knows of yet: in masses it is to be looked at.
      else if (!engine.take(probe)) this.#inUse++;
    }
  }

  /** How many packets came to ports in use, or may have, since the last call. */
  takeInUse(): number {
    const count = this.#inUse;
    this.#inUse = 0;
    return count;
  }

  /** A listener may take its one call and be gone before any look, as an FTP client's is. */
  #noteAnswers(view: DataView, length: number, answer: Probe): void {
    const { home, sockets } = this.#parts;
    for (let offset = 0; offset < length; offset += RECORD_LENGTH) {
      if (recordType(view, offset) !== RecordType.answer || !readAnswer(view, offset, answer)) continue;
      if (home().has(answer.source)) sockets.noteAnswer(answer.source, answer.sourcePort, answer.time);
    }
  }

  /** The answer to it may come when its socket is gone. */
  #isOwnQuestion(probe: Probe): boolean {
    const home = this.#parts.home();
    if (probe.protocol !== PROTOCOL_UDP || !home.has(probe.source) || home.has(probe.destination))
      return false;
    this.#parts.sockets.noteQuery(probe.source, probe.sourcePort, probe.time);
    return true;
  }

  /** Connections are looked at only before weak probes make somebody a scanner: it costs ms. */
  async #isOfConnection(probe: Probe): Promise<boolean> {
    const { engine, sockets } = this.#parts;
    await this.#look((now) => sockets.lookAtConnections(now));
    engine.recheck(probe);
    return engine.isInUse(probe, probe.kind);
  }

  async #look(look: (now: number) => void): Promise<void> {
    const wait = this.#nextLook - performance.now();
    if (wait > 0) await sleep(Math.ceil(wait));
    const begun = performance.now();
    look(this.#parts.now());
    const ended = performance.now();
    this.#nextLook = ended + (ended - begun) * REST_PER_LOOK;
  }
}
