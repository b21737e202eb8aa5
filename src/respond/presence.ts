import { AnswerKind, type LeftAnswer } from '../classify/answer.ts';
import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';

/** A probe and the answer to it are no further apart than this. */
const ANSWER_TIME_MS = 1_000;

/**
 * A probe must begin this long after the action has ended: the sensor may read a packet from its ring some time after
 * the kernel has answered it.
 */
const SETTLE_TIME_MS = 1_000;

/**
 * The same where the answer may be repeated: the kernel repeats the SYN/ACK of a half-open connection, which is older
 * than the block, for 63 s (net.ipv4.tcp_synack_retries = 5), and a scanner can send a SYN just before each.
 */
const REPEATED_TIME_MS = 64_000;

/** Packets of one source that are compared. In a fast scan the newest are enough. */
const MAX_PACKETS = 32;

/** Sources whose packets are compared. The one that was quiet longest leaves; its next probe begins anew. */
const MAX_SOURCES = 1_024;

/** What proves that blocks are gone, and what is then done. */
export interface PresenceParts {
  /** Whether a command blocks anybody, so that answers matter at all. */
  readonly isNeeded: () => boolean;
  /** The block by a command that covers an address, and when the command ended, in ms since the epoch. */
  readonly find: (address: Address, text: string) => { entry: LedgerEntry; since: number } | undefined;
  /** Whether the command itself may answer the source, as `-j REJECT` does. */
  readonly mayReject: (entry: LedgerEntry) => boolean;
  /** An answer has left to a source after it was blocked. */
  readonly onGone: (entry: LedgerEntry, time: number) => void;
}

/**
 * Looks for proof that a block by KILL_ROUTE is gone, because only the command knows what it did. Only an answer that
 * left this host proves it: a SYN/ACK, a reset or an ICMP "unreachable" to a probe that began after the command ended.
 * A probe that arrives proves nothing, because iptables' INPUT chain and routes act after it was captured.
 */
export class Presence {
  readonly #parts: PresenceParts;
  /** The newest packets of each blocked source, the source that was quiet longest first. */
  readonly #sources = new Map<string, { probes: Packet[]; answers: Packet[] }>();

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** A probe has arrived, whether or not its port is in use. */
  noteProbe({ source, protocol, sourcePort, destinationPort, time }: Probe): void {
    if (!this.#parts.isNeeded()) return;
    const name = source.toString();
    const found = this.#parts.find(source, name);
    if (found === undefined || time < found.since + SETTLE_TIME_MS) return;
    const packet = { protocol, proberPort: sourcePort, port: destinationPort, kind: null, time };
    const { probes, answers } = this.#packetsOf(name);
    const answer = answers.find((other) => isPair(packet, other));
    if (answer !== undefined) this.#judge(found, packet, answer);
    else add(probes, packet);
  }

  /** An answer of this host has left. The sensor may hand it over before the probe. */
  noteAnswer({ destination, protocol, sourcePort, destinationPort, kind, time }: LeftAnswer): void {
    if (!this.#parts.isNeeded()) return;
    const name = destination.toString();
    const found = this.#parts.find(destination, name);
    if (found === undefined || time < found.since + SETTLE_TIME_MS) return;
    if (kind !== AnswerKind.synAck && this.#parts.mayReject(found.entry)) return;
    const packet = { protocol, proberPort: destinationPort, port: sourcePort, kind, time };
    const { probes, answers } = this.#packetsOf(name);
    const probe = probes.find((other) => isPair(other, packet));
    if (probe !== undefined) this.#judge(found, probe, packet);
    else add(answers, packet);
  }

  /** A connection was accepted: its SYN/ACK has left, and was answered. */
  noteConnect({ kind, protocol, source, time }: Probe): void {
    if (kind !== Kind.connect || protocol !== PROTOCOL_TCP || !this.#parts.isNeeded()) return;
    const found = this.#parts.find(source, source.toString());
    if (found !== undefined && time >= found.since + REPEATED_TIME_MS) this.#parts.onGone(found.entry, time);
  }

  /** Forgets the packets that a sensor reported, because it died: somebody may have taken it over. */
  forget(): void {
    this.#sources.clear();
  }

  #judge(found: { entry: LedgerEntry; since: number }, probe: Packet, answer: Packet): void {
    if (answer.kind === AnswerKind.synAck && probe.time < found.since + REPEATED_TIME_MS) return;
    this.#sources.delete(found.entry.block.target);
    this.#parts.onGone(found.entry, answer.time);
  }

  #packetsOf(name: string): { probes: Packet[]; answers: Packet[] } {
    const packets = this.#sources.get(name) ?? { probes: [], answers: [] };
    this.#sources.delete(name);
    this.#sources.set(name, packets);
    if (this.#sources.size > MAX_SOURCES) {
      const [oldest] = this.#sources.keys();
      this.#sources.delete(oldest as string);
    }
    return packets;
  }
}

/** A probe or an answer, from the side of the prober; `kind` is null for a probe. */
interface Packet {
  readonly protocol: number;
  readonly proberPort: number;
  readonly port: number;
  readonly kind: AnswerKind | null;
  readonly time: number;
}

function isPair(probe: Packet, answer: Packet): boolean {
  const after = answer.time - probe.time;
  return (
    probe.protocol === answer.protocol &&
    probe.proberPort === answer.proberPort &&
    probe.port === answer.port &&
    after >= 0 &&
    after < ANSWER_TIME_MS
  );
}

function add(packets: Packet[], packet: Packet): void {
  packets.push(packet);
  if (packets.length > MAX_PACKETS) packets.shift();
}
