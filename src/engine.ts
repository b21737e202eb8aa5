import { classify } from './classify/classify.ts';
import { CONNECTION_KINDS, isWeak, Kind, kindName } from './classify/kind.ts';
import type { Probe } from './classify/probe.ts';
import type { ToolName } from './classify/tool.ts';
import { isTracerouteLike } from './classify/traceroute.ts';
import type { BlockPolicy, Config, ModeName } from './config/config.ts';
import type { Modes } from './config/modes.ts';
import type { Packet } from './decode/packet.ts';
import { Address, parseAddress } from './net/address.ts';
import { isIcmp, modeTransportOf, PROTOCOL_TCP, transportOf } from './net/protocol.ts';
import type { BlockEvent, RefusedEvent } from './respond/event.ts';
import { mayTryAgain } from './respond/retry.ts';
import type { DecoyGroup } from './track/decoy-group.ts';
import { Decoys } from './track/decoys.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from './track/event.ts';
import { isHandshake } from './track/evidence.ts';
import { groupScanEvent, scanEvent } from './track/scan.ts';
import type { Source } from './track/source.ts';
import type { Told } from './track/told.ts';
import { Tracker, type TrackerLimits } from './track/tracker.ts';
import { WeakSources } from './track/weak-sources.ts';
import type { Home } from './watch/home.ts';
import type { Connections, InUse, Segment } from './watch/in-use.ts';
import type { WatchedPorts } from './watch/watched-ports.ts';

/** Where the engine's story goes; `Recorder` is the real one. */
export interface EngineRecorder {
  /** False when nobody reads anything, so that no event need be made. */
  readonly listens: boolean;
  /** False when nobody reads events, so that no scan need be summed up. */
  readonly readsEvents: boolean;
  probe(event: ProbeEvent, told: Told): void;
  scan(event: ScanEvent): void;
  /** Sources turned out to be a group of decoys. */
  decoys(event: DecoysEvent): void;
  /** The source is about to be forgotten, or its scan is over: what is untold of it must be said now. */
  forget(source: string, told: Told): void;
  refused(event: RefusedEvent): void;
  block(event: BlockEvent): void;
  /** A source triggered that is not to be blocked (BLOCK="0"). */
  unblocked(event: ProbeDetails): void;
}

/** What may change when the configuration is read again. */
export interface EngineSettings {
  readonly config: Config;
  readonly modes: Modes;
  readonly watched: WatchedPorts;
}

export interface EngineParts extends EngineSettings {
  readonly home: Home;
  readonly inUse: InUse;
  /** Asked of bare ACKs and FIN/ACKs, whether or not ports in use are watched. */
  readonly connections: Connections;
  /** The never-block rule that spares a source; null when none does. */
  readonly ruleFor: (source: Address) => string | null;
  /** Whether a block covers a source, whose canonical text is `text`. */
  readonly isBlocked: (source: Address, text: string) => boolean;
  /** Whether a source that has knocked so often may be blocked now: many new ones at once look forged. */
  readonly admits: (connects: number, now: number) => boolean;
  /** Carries out the actions for a source that has knocked so often; null when nothing is ever executed. */
  readonly respond: ((details: ProbeDetails, connects: number) => Promise<BlockEvent>) | null;
  /** Takes back the block of a source that turned out to be a decoy; without it blocks stay. */
  readonly takeBack?: (source: string) => void;
  /** Asked anew each time: a reload opens other files. */
  readonly recorder: () => EngineRecorder;
  /** Packets whose source is their destination do not count (2.x: --disable-local-check). */
  readonly localCheck: boolean;
  /** Randomizes hashes; what happens does not depend on it. */
  readonly salt: number;
  /** Sources tracked at a time; the default bound when not said. */
  readonly capacity?: number;
}

/** What it takes to say whether a port is watched: a packet or a probe. */
type Knocking = Pick<Probe, 'protocol' | keyof Segment>;

/**
 * From a probe to its consequences, one after another: is it ours, how many so far, who is spared, what is done,
 * what is told. The same live and over a capture, where the clock is the packets' own.
 */
export class Engine {
  /** Probes on watched ports so far, and scans that have ended. */
  probes = 0;
  scans = 0;
  readonly tracker: Tracker;
  readonly #decoys = new Decoys((group, last) => this.#endGroup(group, last));
  #weak: WeakSources;
  readonly #destination = new Address();
  #destinationAsText = this.#destination.toString();
  #parts: EngineParts;
  /** Actions that are under way, by source; as bounded as the queue of actions. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.tracker = new Tracker({
      ...limitsOf(parts.config),
      salt: parts.salt,
      capacity: parts.capacity,
      onScanEnd: (source) => this.#endScan(source),
    });
    this.#weak = this.#newWeakSources();
  }

  /** Goes over to other settings; what was tracked and blocked stays. */
  configure(settings: EngineSettings): void {
    this.#parts = { ...this.#parts, ...settings };
    this.tracker.configure(limitsOf(settings.config));
  }

  /** Nobody reads what happens and nothing is done about it: only numbers come of it. */
  get isUnheard(): boolean {
    return this.#parts.respond === null && !this.#parts.recorder().listens;
  }

  /** What the packet is when it knocks on a watched port of ours that is, by all that is known, not in use. */
  kindOf(packet: Packet): Kind {
    const { watched } = this.#parts;
    // The port is the question that leaves most packets out.
    if (!watched.has(packet.protocol, packet.destinationPort)) return Kind.none;
    const kind = classify(packet);
    if (kind === Kind.none || !watched.detects(kind) || !this.#comesToUs(packet)) return Kind.none;
    return this.isInUse(packet, kind) ? Kind.none : kind;
  }

  /** Whether it knocks on a watched port of ours, in a way that counts; not yet whether that port is in use. */
  watches(knocking: Knocking, kind: Kind): boolean {
    const { watched } = this.#parts;
    const { protocol, destinationPort } = knocking;
    return watched.has(protocol, destinationPort) && watched.detects(kind) && this.#comesToUs(knocking);
  }

  /** Judges a connect to a port that we hold ourselves: nobody legitimate can be behind that. */
  takeConnect(probe: Probe): void {
    if (this.#comesToUs(probe)) this.take(probe);
  }

  /** Whether connections must be known to judge what comes. */
  get needsConnections(): boolean {
    const { watched } = this.#parts;
    return !watched.tcp.isEmpty && (watched.kinds & CONNECTION_KINDS) !== 0;
  }

  /** Whether somebody legitimate is behind the port, or the packet is one of a connection. */
  isInUse(knocking: Knocking, kind: Kind): boolean {
    const { inUse, connections } = this.#parts;
    const { protocol, destination, destinationPort } = knocking;
    if (inUse.has(protocol, destination, destinationPort, knocking)) return true;
    return isWeak(kind) && protocol === PROTOCOL_TCP && connections.holds(knocking);
  }

  /** Whether the weak probe would make its source count: all of its doors are to be looked at closely first. */
  isDecisive(probe: Probe): boolean {
    return isWeak(probe.kind) && this.#weak.isDecisive(probe);
  }

  /** After that look: takes back what weak probes have told of doors that turn out to be in use. */
  recheck({ kind, source, time }: Probe): void {
    const { inUse } = this.#parts;
    const segment = { source, sourcePort: 0, time };
    this.#weak.recheck(source, time, (protocol, destination, destinationPort) => {
      if (protocol === PROTOCOL_TCP)
        return this.isInUse({ ...segment, protocol, destination, destinationPort }, kind);
      return inUse.has(protocol, destination, destinationPort, segment);
    });
  }

  /** Judges one probe on a watched port that is not in use, and sees to what follows; false when it is too weak. */
  take(probe: Probe): boolean {
    if (!this.#count(probe)) return false;
    if (!this.isUnheard) this.#judge(probe);
    return true;
  }

  /** Takes the first `count` probes, at most MAX_WARM, one after the other. */
  takeAll(probes: readonly Probe[], count: number): void {
    const { isUnheard } = this;
    this.tracker.warm(probes, count);
    for (let index = 0; index < count; index++) {
      const probe = probes[index] as Probe;
      if (this.#count(probe) && !isUnheard) this.#judge(probe);
    }
  }

  /** Forgets every source and what was counted, as if nothing had come; only when it is unheard. */
  forgetAll(): void {
    this.tracker.close();
    this.#weak = this.#newWeakSources();
    this.probes = 0;
    this.scans = 0;
  }

  /** Resolves when every action that was begun has ended. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending.values());
  }

  /** Ends every scan, so that its sum is told. */
  close(): void {
    this.tracker.close();
  }

  #newWeakSources(): WeakSources {
    return new WeakSources(this.#parts.salt, (source) => this.tracker.keyOf(source));
  }

  /** Counts the probe for its source; false when it is too weak. */
  #count(probe: Probe): boolean {
    if (isWeak(probe.kind) && !this.#weak.counts(probe)) return false;
    this.probes++;
    this.tracker.observe(probe);
    return true;
  }

  #comesToUs({ source, destination }: Knocking): boolean {
    const { home, localCheck } = this.#parts;
    return home.has(destination) && !(localCheck && source.equals(destination));
  }

  /** Who only asks whether somebody is there is never shut out. */
  #policyFor(protocol: number): BlockPolicy {
    const { config } = this.#parts;
    if (isIcmp(protocol)) return 0;
    return modeTransportOf(transportOf(protocol)) === 'tcp' ? config.blockTcp : config.blockUdp;
  }

  /** What follows from the probe that was just counted. */
  #judge(probe: Probe): void {
    const { source } = this.tracker;
    const policy = this.#policyFor(probe.protocol);
    const { marks } = source;
    if (isHandshake(probe)) marks.handshake = true;
    const group = this.#decoys.observe(probe, source);
    const event = this.#event(probe, source, policy, marks.tool.add(probe));
    if (this.tracker.newPort) source.told.untoldPorts++;
    marks.triggered ||= event.triggered && event.ignored === null;
    if (group !== null) this.#expose(group, event);
    const hasConsequence = event.triggered && !this.#isHeldBack(event);
    // In a scan each fraction of a ms counts; how it ends is told after the probe all the same.
    if (hasConsequence && event.ignored === null && policy !== 0) this.#respond(event, source);
    this.#parts.recorder().probe(event, source.told);
    if (!hasConsequence) return;
    if (event.ignored === null) {
      if (policy === 0) this.#logOnly(event, source.told);
    } else if (policy !== 0) this.#refuse(event, event.ignored, source.told);
  }

  /** A group of decoys was found: whoever of it was blocked already was so for a packet that most likely is forged. */
  #expose(group: DecoyGroup, event: ProbeEvent): void {
    const { config, recorder } = this.#parts;
    const spared = config.decoyPolicy === 'log';
    const members = [...group.names];
    recorder().decoys({ ...event, action: 'decoys', members, isOneSender: group.isOneSender, spared });
    if (!spared) return;
    for (const member of members) {
      const source = this.tracker.get(parseAddress(member) as Address);
      // One that is acted on now is released when that has ended.
      if (source?.marks.acted && !this.#pending.has(member)) this.#parts.takeBack?.(member);
    }
  }

  /** What rests on packets that anybody may have sent is only logged, as far as the settings say so. */
  #isHeldBack({ decoy, evidence }: ProbeEvent): boolean {
    const { decoyPolicy, blockSpoofable } = this.#parts.config;
    return (decoy && decoyPolicy === 'log') || (evidence === 'spoofable' && !blockSpoofable);
  }

  #refuse(details: ProbeDetails, rule: string, told: Told): void {
    if (told.refusal) return;
    told.refusal = true;
    this.#parts.recorder().refused({ ...details, action: 'refused', rule });
  }

  #logOnly(details: ProbeDetails, told: Told): void {
    if (told.history) return;
    told.history = true;
    this.#parts.recorder().unblocked(details);
  }

  #respond(event: ProbeEvent, source: Source): void {
    const { respond, admits } = this.#parts;
    if (respond === null || event.alreadyBlocked || this.#pending.has(event.source)) return;
    const { failures, lastFailure } = source;
    if (failures > 0 && !mayTryAgain(failures, lastFailure, event.time)) return;
    if (!admits(event.connects, event.time)) return;
    // The slot may have changed hands when the actions end: the source is looked up again by its address.
    const { address } = source;
    source.marks.acted = true;
    const pending = respond(event, event.connects).then((outcome) => {
      this.#pending.delete(event.source);
      this.#responded(address, outcome, failures);
    });
    this.#pending.set(event.source, pending);
  }

  #responded(address: Address, event: BlockEvent, failures: number): void {
    const source = this.tracker.get(address);
    const worked = event.action === 'block';
    if (source !== undefined) {
      source.failures = worked ? 0 : failures + 1;
      source.lastFailure = event.time;
    }
    this.#parts.recorder().block(event);
    const isDecoy = source !== undefined && source.marks.group !== null;
    if (worked && isDecoy && this.#parts.config.decoyPolicy === 'log') this.#parts.takeBack?.(event.source);
  }

  #endScan(source: Source): void {
    const recorder = this.#parts.recorder();
    const { group, triggered } = source.marks;
    if (source.told.untoldProbes > 0) recorder.forget(source.address.toString(), source.told);
    if (group !== null) {
      if (group.rest(source)) this.#endGroup(group, source);
      return;
    }
    this.scans++;
    // Of a flood of forged sources nobody reads the scans.
    if (recorder.readsEvents || (triggered && source.probes > 1)) recorder.scan(scanEvent(source));
  }

  #endGroup(group: DecoyGroup, last: Source): void {
    this.scans++;
    this.#parts.recorder().scan(groupScanEvent(group, last));
  }

  /** One object for the whole way of a probe, made in one piece: in a flood it is most of what is allocated. */
  #event(probe: Probe, source: Source, policy: BlockPolicy, tool: ToolName | null): ProbeEvent {
    const address = probe.source.toString();
    return {
      action: 'probe',
      time: probe.time,
      mode: this.#modeOf(probe.protocol),
      kind: kindName(probe.kind),
      transport: transportOf(probe.protocol),
      family: probe.source.isV4 ? 4 : 6,
      source: address,
      sourcePort: probe.sourcePort,
      destination: this.#destinationText(probe.destination),
      destinationPort: probe.destinationPort,
      tcpFlags: probe.tcpFlags,
      ipOptions: probe.ipOptions,
      fragmented: probe.fragmented,
      connects: source.connects,
      triggered: this.tracker.triggered && probe.kind !== Kind.icmp,
      ignored: this.#parts.ruleFor(probe.source),
      repeat: this.tracker.repeat,
      note: isTracerouteLike(probe) ? 'traceroute-like' : null,
      noBlock: policy === 0,
      alreadyBlocked: this.#parts.isBlocked(probe.source, address),
      evidence: source.evidence,
      tool,
      decoy: source.marks.group !== null,
    };
  }

  /** Most probes go where the last one went. */
  #destinationText(destination: Address): string {
    if (!destination.equals(this.#destination)) {
      this.#destination.set(destination);
      this.#destinationAsText = destination.toString();
    }
    return this.#destinationAsText;
  }

  /** A watched port has a mode that watches it. */
  #modeOf(protocol: number): ModeName {
    const { modes } = this.#parts;
    return modes[modeTransportOf(transportOf(protocol))] as ModeName;
  }
}

function limitsOf({ scanTrigger, scanWindow, blockIpv6Prefix }: Config): TrackerLimits {
  return { trigger: scanTrigger, window: scanWindow, ipv6Prefix: blockIpv6Prefix };
}
