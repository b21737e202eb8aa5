import { LeftAnswer } from '../classify/answer.ts';
import { Kind } from '../classify/kind.ts';
import { Probe } from '../classify/probe.ts';
import { ACK, FIN, RST, SYN } from '../decode/transport/tcp.ts';
import type { Engine } from '../engine.ts';
import type { Address } from '../net/address.ts';
import {
  type ModeTransport,
  modeTransportOf,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  transportOf,
} from '../net/protocol.ts';
import { counted } from '../record/counted.ts';
import type { Presence } from '../respond/presence.ts';
import { Rule } from '../sensor/kernel/rule.ts';
import type { RecordCheck } from '../sensor/record-check.ts';
import { RECORD_LENGTH, RecordType, recordRule, recordType } from '../sensor/record-format.ts';
import type { Coin } from '../track/coin-test.ts';
import type { CoinTests } from '../track/coin-tests.ts';
import type { SocketTable } from '../watch/sockets.ts';
import type { Holds } from './holds.ts';

/** What is said of a source behind a bridge of this host, which is not acted on. */
const BRIDGE_RULE = 'behind a bridge of this host';

/** What is said of a source that sends over loopback, if it is no address of this host. */
const LOOPBACK_RULE = 'over the loopback of this host';

/** What is said of segments of no connection on a host that forwards packets of others. */
const FORWARDED_RULE =
  'this host forwards packets, so the segment may belong to a connection of another host';

/** How often forged packets are logged. */
const FORGED_INTERVAL_MS = 60_000;

/** What a receiver works with. */
export interface ReportReceiverParts {
  readonly engine: Engine;
  readonly sockets: SocketTable;
  /** Refuses records that cannot be true. */
  readonly check: Pick<RecordCheck, 'readProbe' | 'readAnswer' | 'refuse'>;
  readonly holds: Holds;
  readonly coinTests: CoinTests;
  /** Whether the kernel tosses coins. While it does not, a sensor that reports one was taken over. */
  readonly tossesCoins: () => boolean;
  /** The monotonic clock, ms. */
  readonly now: () => number;
  /** Whether the kernel holds sources for probes of the transport. */
  readonly mayHold: (transport: ModeTransport) => boolean;
  /** The never-block rule that spares a source; null when none does. */
  readonly ruleFor: (source: Address) => string | null;
  /** Whether segments of no connection may belong to connections of other hosts. */
  readonly forwards: () => boolean;
  /** Finds out whether blocks by KILL_ROUTE are gone. */
  readonly presence: Pick<Presence, 'noteProbe' | 'noteAnswer'>;
  /** The sensor's trial datagram was reported. */
  readonly trialSeen: () => void;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** Reads the records of the kernel sensor and gives the probes to the engine. The kernel has said whose port it is. */
export class ReportReceiver {
  readonly #parts: ReportReceiverParts;
  readonly #probe = new Probe();
  readonly #answer = new LeftAnswer();
  #forged = 0;
  #forgedLoggedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ReportReceiverParts) {
    this.#parts = parts;
  }

  /** Takes `length` octets of whole records. */
  take(view: DataView, length: number): void {
    const { presence, check } = this.#parts;
    for (let offset = 0; offset < length; offset += RECORD_LENGTH) {
      const type = recordType(view, offset);
      if (type === RecordType.answer && check.readAnswer(view, offset, this.#answer))
        presence.noteAnswer(this.#answer);
      if (type !== RecordType.probe) continue;
      if (check.readProbe(view, offset, this.#probe)) this.#take(this.#probe, recordRule(view, offset));
    }
  }

  /** Must be called every second; `now` on the monotonic clock, ms. */
  tick(now: number): void {
    if (this.#forged === 0 || now - this.#forgedLoggedMs < FORGED_INTERVAL_MS) return;
    this.#forgedLoggedMs = now;
    this.#parts.tell(
      `${counted(this.#forged, 'packet')} from outside had an address of this host as the source: forged, and dropped.`,
    );
    this.#forged = 0;
  }

  #take(probe: Probe, rule: Rule): void {
    const { engine, forwards, presence, ruleFor } = this.#parts;
    this.#bet(probe, rule);
    switch (rule) {
      case Rule.probe:
        this.#takeProbe(probe);
        return;
      case Rule.weak:
        if (probe.kind === Kind['ip-protocol'] && !this.#isProbe(probe)) return;
        if (forwards() && probe.kind !== Kind['ip-protocol']) engine.takeSpared(probe, FORWARDED_RULE);
        else engine.take(probe);
        return;
      case Rule.known:
        engine.takeKnown(probe);
        return;
      case Rule.bridge:
        engine.takeSpared(probe, BRIDGE_RULE);
        return;
      case Rule.loopback:
        if (this.#isProbe(probe)) engine.takeSpared(probe, ruleFor(probe.source) ?? LOOPBACK_RULE);
        return;
      case Rule.icmp:
        engine.take(probe);
        return;
      case Rule.held:
      case Rule.reset:
      case Rule.silent:
        this.#takeHeld(probe);
        return;
      case Rule.blocked:
      case Rule.fragment:
        if (this.#isProbe(probe)) engine.take(probe);
        return;
      case Rule.doubted:
        presence.noteProbe(probe);
        return;
      case Rule.trial:
        this.#parts.trialSeen();
        return;
      case Rule.forged:
        this.#forged++;
        return;
      default:
        this.#parts.check.refuse();
    }
  }

  /** Whichever rule reports it, a SYN is a toss of the coin, or the first one after it. */
  #bet({ source, destination, destinationPort, protocol, tcpFlags }: Probe, rule: Rule): void {
    if (protocol !== PROTOCOL_TCP || (tcpFlags & (FIN | SYN | RST | ACK)) !== SYN) return;
    const { coinTests, tossesCoins, now } = this.#parts;
    const said = coinOf(rule);
    const coin = said !== null && tossesCoins() ? said : null;
    coinTests.take({ source, destination, port: destinationPort, coin, time: now() });
  }

  /** The kernel holds the source by now, unless it is spared. */
  #takeProbe(probe: Probe): void {
    const { engine, holds, sockets, mayHold, ruleFor } = this.#parts;
    if (probe.protocol === PROTOCOL_SCTP) {
      // The table knows SCTP's endpoints of a second ago.
      sockets.look('others', probe.time);
      if (engine.isInUse(probe, probe.kind)) {
        holds.release(probe.source);
        return;
      }
    }
    engine.take(probe);
    if (!mayHold(modeTransportOf(transportOf(probe.protocol)))) return;
    if (ruleFor(probe.source) === null) holds.held(probe.source, engine.judged);
    else holds.release(probe.source);
  }

  #takeHeld(probe: Probe): void {
    const { engine, holds, ruleFor } = this.#parts;
    if (ruleFor(probe.source) !== null) holds.release(probe.source);
    else if (this.#isProbe(probe) && engine.take(probe)) holds.probedAgain(probe.source, engine.judged);
  }

  /** The kernel drops every packet of a held source, so a port in use must be recognised here, by the last look. */
  #isProbe(probe: Probe): boolean {
    const { engine } = this.#parts;
    return engine.watches(probe, probe.kind) && !engine.isInUse(probe, probe.kind);
  }
}

/** How the rule that reported a SYN has answered it, if a coin was tossed. */
function coinOf(rule: Rule): Coin | null {
  switch (rule) {
    case Rule.reset:
      return 'reset';
    case Rule.silent:
      return 'silent';
    default:
      return null;
  }
}
