import { classify } from './classify/classify.ts';
import { isImpossible } from './classify/flags.ts';
import { CONNECTION_KINDS, IMPOSSIBLE_KINDS, isNoted, isWeak, Kind, kindName } from './classify/kind.ts';
import type { Probe } from './classify/probe.ts';
import type { ToolName } from './classify/tool.ts';
import { isTracerouteLike } from './classify/traceroute.ts';
import type { BlockPolicy, Config, ModeName } from './config/config.ts';
import type { Modes } from './config/modes.ts';
import type { Packet } from './decode/packet.ts';
import { ACK, RST } from './decode/transport/tcp.ts';
import { Address, parseAddress } from './net/address.ts';
import {
  isIcmp,
  modeTransportOf,
  PROTOCOL_ARP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  transportOf,
} from './net/protocol.ts';
import { BlockCounts } from './respond/block-counts.ts';
import type { BlockEvent, Outcome, Reaction, RefusedEvent } from './respond/event.ts';
import type { NeverBlockRule, RuleOrigin } from './respond/never-block.ts';
import { mayTryAgain } from './respond/retry.ts';
import { ArpSweeps } from './track/arp-sweeps.ts';
import type { CapturePlace, FrameNumber } from './track/capture-place.ts';
import type { DecoyGroup } from './track/decoy-group.ts';
import { Decoys } from './track/decoys.ts';
import type { Answered, DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from './track/event.ts';
import { type Evidence, isHandshake, suffices } from './track/evidence.ts';
import { modePlace, ProbeCounts } from './track/probe-counts.ts';
import type { Reported } from './track/reported.ts';
import { groupScanEvent, scanEvent, shapeOfGroup } from './track/scan.ts';
import { isArpSweep, shapeOf } from './track/shape.ts';
import type { Source } from './track/source.ts';
import { Tracker, type TrackerLimits } from './track/tracker.ts';
import { WeakSources } from './track/weak-sources.ts';
import { EVERY_HOME, type Home } from './watch/home.ts';
import type { Connections, InUse, Segment } from './watch/in-use.ts';
import { Sieve } from './watch/sieve.ts';
import { SKIP_COUNT, Skip } from './watch/skipped.ts';
import type { WatchedPorts } from './watch/watched-ports.ts';

/** Receives the engine's events; `Recorder` is the real one. */
export interface EngineRecorder {
  /** False when nobody reads anything, so that no event need be made. */
  readonly listens: boolean;
  /** False when nobody reads events, so that no scan need be summarized. */
  readonly readsEvents: boolean;
  /** Whether it also asks for the scan of a source of this many probes; called once for each, at its end. */
  wantsScan?(probes: number): boolean;
  /**
   * Set where nobody reads single probes, only their sums: then it is called in place of `probe`, and no event is made. It
   * must not keep the probe.
   */
  readonly sum?: ((probe: Probe, reported: Reported) => void) | null;
  /** `reaction` is what the probe led to at once. */
  probe(event: ProbeEvent, reported: Reported, reaction: Reaction): void;
  scan(event: ScanEvent): void;
  /** Several sources turned out to be a group of decoys. */
  decoys(event: DecoysEvent): void;
  /** The source is about to be forgotten, or its scan is over: what is unreported must be reported now. */
  forget(source: string, reported: Reported): void;
  refused(event: RefusedEvent): void;
  /** The actions that this probe was to begin were refused: what waited for their end is written as of a spared source. */
  spared(event: ProbeEvent): void;
  /**
   * The actions that `probe` began have ended. Probes from several addresses of a network may begin the same actions;
   * each gets the same event then, which has the details of the first.
   */
  block(event: BlockEvent, probe: ProbeDetails): void;
  /** A source triggered but is not blocked (BLOCK="0"). */
  unblocked(event: ProbeDetails): void;
}

/** The settings that a reload of the configuration may change. */
export interface EngineSettings {
  readonly config: Config;
  readonly modes: Modes;
  readonly watched: WatchedPorts;
}

/** Everything that an engine needs; its settings may change later. */
export interface EngineParts extends EngineSettings {
  readonly home: Home;
  readonly inUse: InUse;
  /** Checked for bare ACKs and FIN/ACKs, whether or not ports in use are watched. */
  readonly connections: Connections;
  /** The never-block rule that spares a source; null when none does. */
  readonly ruleFor: (source: Address, evidence: Evidence) => NeverBlockRule | null;
  /** Whether a block covers a source; `text` is its canonical text. */
  readonly isBlocked: (source: Address, text: string) => boolean;
  /** Whether a source with this many connects may be blocked now: many new ones at once are probably forged. */
  readonly admits: (connects: number, evidence: Evidence, now: number) => boolean;
  /** Carries out the actions for a source with this many connects; null when none is ever executed. */
  readonly respond: ((event: ProbeEvent, connects: number) => Promise<Outcome>) | null;
  /** Whether enough is done about a source that is not blocked: a notifier has told of it, or its block is made again. */
  readonly isSettled?: (details: ProbeDetails) => boolean;
  /** Whether the source's network is held, and not blocked because its addresses may be strangers. */
  readonly isNetworkHeld?: (event: ProbeEvent) => boolean;
  /** Whether what the address sent depended on what this host had sent to it, so that it is genuine. */
  readonly reacts?: (source: Address) => boolean;
  /** Releases the block of a source that turned out to be a decoy; without it, such blocks stay. */
  readonly takeBack?: (source: string) => void;
  /** Called for each event, because a reload opens other files. */
  readonly recorder: () => EngineRecorder;
  /** Ignores packets whose source is their destination (2.x: --disable-local-check turns it off). */
  readonly localCheck: boolean;
  /** Gets the address of each packet that this check ignores. */
  readonly onLocal?: (address: Address) => void;
  /** What answered a source, as far as a replay knows; null when that is not known. */
  readonly answersTo?: (
    source: Address,
    span: { readonly first: number; readonly last: number },
  ) => readonly Answered[] | null;
  /** Where a frame lies in the captures of a replay. */
  readonly placeOf?: (at: FrameNumber) => CapturePlace;
  /** Randomizes hashes; the results do not depend on it. */
  readonly salt: number;
  /** Sources tracked at a time; MAX_SOURCES by default. */
  readonly capacity?: number;
}

/** What is known of a probe beside the packet. */
interface Circumstance {
  /** The rule that spares its source beside the never-block list; null when none does. */
  readonly spared: NeverBlockRule | null;
  /** Its port belongs to a known service that is away. */
  readonly isKnown: boolean;
}

/** What was found out about a probe before its event is made. */
interface Judgement {
  readonly policy: BlockPolicy;
  readonly evidence: Evidence;
  /** The rule that spares the source; null when none does. */
  readonly rule: NeverBlockRule | null;
  readonly tool: ToolName | null;
  readonly isKnown: boolean;
}

const USUAL: Circumstance = { spared: null, isKnown: false };

/** The fields of a packet or a probe that show whether it is watched. */
type Candidate = Pick<Probe, 'protocol' | 'tcpFlags' | keyof Segment>;

/**
 * Turns probes into consequences: is the probe for us, how many connects has its source, is the source spared, what
 * is done, what is reported. It works the same live and on a capture, whose packets are then the clock.
 */
export class Engine {
  /** Probes on watched ports and ended scans so far. */
  probes = 0;
  scans = 0;
  /** The same by what they are, and what was done about them. */
  readonly counts = new ProbeCounts();
  readonly blockCounts = new BlockCounts();
  /** The places of the modes in `counts`. */
  #tcpPlace = 0;
  #udpPlace = 0;
  /** Packets by the reason (`Skip`) why they are no probes here, though they would be elsewhere. */
  readonly skipped = new Float64Array(SKIP_COUNT);
  readonly tracker: Tracker;
  #decoys: Decoys;
  /** The group of decoys that the probe counted last has made. */
  #newGroup: DecoyGroup | null = null;
  /** Made with the first weak probe: most captures have none. */
  #weak: WeakSources | null = null;
  #arpSweeps = new ArpSweeps();
  readonly #destination = new Address();
  #destinationAsText = this.#destination.toString();
  #parts: EngineParts;
  /** Running actions, by source; bounded by the queue of actions. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.tracker = new Tracker({
      ...limitsOf(parts.config),
      salt: parts.salt,
      capacity: parts.capacity,
      onScanEnd: (source) => this.#endScan(source),
    });
    this.#decoys = this.#newDecoys();
    this.#adapt();
  }

  /** Switches to other settings; tracked sources and blocks stay. */
  configure(settings: EngineSettings): void {
    this.#parts = { ...this.#parts, ...settings };
    this.tracker.configure(limitsOf(settings.config));
    this.#adapt();
  }

  /** Nobody reads events and no action is taken, so probes are only counted. */
  get onlyCounts(): boolean {
    return this.#parts.respond === null && !this.#parts.recorder().listens;
  }

  /** Leaves out frames of a capture of which `kindOf` would say the same, and counts them in `skipped`. */
  sieve(): Sieve {
    const { watched, home } = this.#parts;
    return new Sieve(watched, this.skipped, home === EVERY_HOME);
  }

  /** The kind of probe that the packet is: on a watched port of ours that, as far as is known, is not in use. */
  kindOf(packet: Packet): Kind {
    const { watched } = this.#parts;
    const { protocol, destinationPort, tcpFlags } = packet;
    // The port excludes most packets, so it comes first, and the flags almost all others.
    if (
      !watched.has(protocol, destinationPort) &&
      !(isImpossible(tcpFlags) && this.#isImpossible(packet, Kind.odd))
    )
      return (tcpFlags & (ACK | RST)) === 0 ? this.#skipUnwatched(packet) : Kind.none;
    const kind = classify(packet);
    if (kind === Kind.none || !watched.detects(kind)) return Kind.none;
    if (!this.#comesToUs(packet)) return this.#skip(packet, kind);
    return this.isInUse(packet, kind) ? Kind.none : kind;
  }

  /** Whether it is a detected kind on a watched port of ours, whether or not that port is in use. */
  watches(candidate: Candidate, kind: Kind): boolean {
    const { watched } = this.#parts;
    const { protocol, destinationPort } = candidate;
    const isProbe = watched.has(protocol, destinationPort) || this.#isImpossible(candidate, kind);
    return isProbe && watched.detects(kind) && this.#comesToUs(candidate);
  }

  /** Judges a connect to a port that portsentry itself holds, so that no honest service can be behind it. */
  takeConnect(probe: Probe): void {
    if (this.#comesToUs(probe)) this.take(probe);
  }

  /** Whether judging packets requires knowing the connections. */
  get needsConnections(): boolean {
    const { watched } = this.#parts;
    return !watched.tcp.isEmpty && (watched.kinds & CONNECTION_KINDS) !== 0;
  }

  /** Whether the port has a legitimate user, or the packet belongs to a connection. Impossible packets have no use. */
  isInUse(candidate: Candidate, kind: Kind): boolean {
    const { inUse, connections } = this.#parts;
    const { protocol, destination, destinationPort } = candidate;
    if ((IMPOSSIBLE_KINDS & (1 << kind)) !== 0 && this.#isImpossible(candidate, kind)) return false;
    if (inUse.has(protocol, destination, destinationPort, candidate)) return true;
    return isWeak(kind) && protocol === PROTOCOL_TCP && connections.holds(candidate);
  }

  /** Whether the weak probe would make its source count; then look closely at all of its ports first. */
  isDecisive(probe: Probe): boolean {
    return isWeak(probe.kind) && this.#weak?.isDecisive(probe) === true;
  }

  /** After that look, forgets the source's weak probes of ports that turned out to be in use. */
  recheck({ kind, source, time }: Probe): void {
    const { inUse } = this.#parts;
    const segment = { source, sourcePort: 0, time, tcpFlags: 0 };
    this.#weak?.recheck(source, time, (protocol, destination, destinationPort) => {
      if (protocol === PROTOCOL_TCP)
        return this.isInUse({ ...segment, protocol, destination, destinationPort }, kind);
      return inUse.has(protocol, destination, destinationPort, segment);
    });
  }

  /** Judges one probe on a watched port not in use, and acts on it. False when it is weak and does not count. */
  take(probe: Probe): boolean {
    if (!this.#count(probe)) return false;
    if (!this.onlyCounts) this.#judge(probe);
    return true;
  }

  /** Counts and records a probe of a source that `rule` spares: nothing is done about it. False as of `take`. */
  takeSpared(probe: Probe, rule: string): boolean {
    if (!this.#count(probe)) return false;
    this.#judge(probe, { spared: { text: rule, isSilent: false, origin: 'sensor' }, isKnown: false });
    return true;
  }

  /** Counts and records a probe to the port of a known service that is away: by itself it triggers nothing. */
  takeKnown(probe: Probe): void {
    if (this.#count(probe)) this.#judge(probe, { spared: null, isKnown: true });
  }

  /** Whether the probe taken last was the same attempt again, and whether other sources send the same. */
  get judged(): { readonly isRepeat: boolean; readonly isDecoy: boolean } {
    const { repeat, slot } = this.tracker;
    return { isRepeat: repeat, isDecoy: this.tracker.table.members.groups[slot] !== null };
  }

  /** Takes the first `count` probes, at most MAX_PREFETCH, in order. */
  takeAll(probes: readonly Probe[], count: number): void {
    const { onlyCounts } = this;
    const sum = this.#sum;
    this.tracker.prefetch(probes, count);
    for (let index = 0; index < count; index++) {
      const probe = probes[index] as Probe;
      if (!this.#count(probe) || onlyCounts) continue;
      if (sum === null) this.#judge(probe);
      else this.#sumUp(probe, sum);
    }
  }

  /** Forgets every source and all counts; only when `onlyCounts`. */
  forgetAll(): void {
    this.tracker.close();
    this.#decoys = this.#newDecoys();
    this.#weak = null;
    this.#arpSweeps = new ArpSweeps();
    this.probes = 0;
    this.scans = 0;
    this.counts.clear();
  }

  /** Resolves when all running actions have ended. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending.values());
  }

  /** Ends every scan, so that its summary is reported. */
  close(): void {
    this.tracker.close();
  }

  /** Where probes are only counted or summed up, nobody asks for connects. */
  #adapt(): void {
    const { modes } = this.#parts;
    this.#tcpPlace = modePlace(modes.tcp);
    this.#udpPlace = modePlace(modes.udp);
    this.tracker.remembersAttempts = !this.onlyCounts && this.#sum === null;
  }

  /** What sums up the probes of which no event is made; null when events are made. */
  get #sum(): NonNullable<EngineRecorder['sum']> | null {
    return this.#parts.respond === null ? (this.#parts.recorder().sum ?? null) : null;
  }

  /** Notes of a probe what the end of its scan says. */
  #sumUp(probe: Probe, sum: NonNullable<EngineRecorder['sum']>): void {
    const { marks, reported } = this.tracker.source;
    marks.tool.add(probe);
    if (isTracerouteLike(probe)) marks.traceroutes++;
    sum(probe, reported);
  }

  #newDecoys(): Decoys {
    return new Decoys(this.tracker.table, (group, last) => this.#endGroup(group, last));
  }

  #weakSources(): WeakSources {
    this.#weak ??= new WeakSources(this.#parts.salt, (source) => this.tracker.keyOf(source));
    return this.#weak;
  }

  /** Counts the probe for its source; false when it is weak and does not count. */
  #count(probe: Probe): boolean {
    if (isWeak(probe.kind) && !this.#weakSources().counts(probe)) return false;
    if (probe.kind === Kind.arp && !this.#arpSweeps.counts(probe)) return false;
    this.probes++;
    // The modes of UDP watch nothing else.
    this.counts.addProbe(probe.kind, probe.protocol === PROTOCOL_UDP ? this.#udpPlace : this.#tcpPlace);
    this.tracker.observe(probe);
    this.#newGroup = this.#decoys.observe(probe, this.tracker.slot);
    return true;
  }

  /** Counts a packet to a port that is not watched, if it begins something. */
  #skipUnwatched(packet: Packet): Kind {
    const kind = classify(packet);
    if (kind === Kind.none || !this.#parts.watched.detects(kind)) return Kind.none;
    return this.#skip(packet, kind);
  }

  #skip(packet: Packet, kind: Kind): Kind {
    if (isWeak(kind) || isNoted(kind)) return Kind.none;
    let skip: Skip = packet.protocol === PROTOCOL_UDP ? Skip.udpPort : Skip.tcpPort;
    if (!this.#comesToUs(packet))
      skip = packet.source.equals(packet.destination) ? Skip.ownSource : Skip.notHome;
    this.skipped[skip] = (this.skipped[skip] as number) + 1;
    return Kind.none;
  }

  /** Whether a packet of the kind has flags that make it a probe on any port. The flags rule out most packets. */
  #isImpossible({ protocol, tcpFlags, destinationPort }: Candidate, kind: Kind): boolean {
    if (!isImpossible(tcpFlags) || protocol !== PROTOCOL_TCP) return false;
    return (IMPOSSIBLE_KINDS & (1 << kind)) !== 0 && this.#parts.watched.hasImpossible(destinationPort);
  }

  /** A neighbour that sweeps asks for our addresses among others. */
  #comesToUs({ source, destination, protocol }: Candidate): boolean {
    const { home, localCheck, onLocal } = this.#parts;
    if (protocol !== PROTOCOL_ARP && !home.has(destination)) return false;
    if (!localCheck || !source.equals(destination)) return true;
    onLocal?.(source);
    return false;
  }

  /** A source that only pings, or asks for addresses, is never blocked. */
  #policyFor(protocol: number): BlockPolicy {
    const { config } = this.#parts;
    if (isIcmp(protocol) || protocol === PROTOCOL_ARP) return 0;
    return modeTransportOf(transportOf(protocol)) === 'tcp' ? config.blockTcp : config.blockUdp;
  }

  /** Judges the probe that was just counted, and acts on it. */
  #judge(probe: Probe, circumstance: Circumstance = USUAL): void {
    const { source } = this.tracker;
    const policy = this.#policyFor(probe.protocol);
    const { marks } = source;
    if (isHandshake(probe)) marks.prove(probe.source, 'handshake');
    if (this.#parts.reacts?.(probe.source) === true) {
      marks.prove(probe.source, 'reacts');
      // It is no decoy, whatever others send.
      this.#decoys.dismiss(this.tracker.slot);
    }
    const group = this.#newGroup;
    const evidence = source.evidenceOf(probe.source);
    marks.noteEvidence(evidence);
    const rule = this.#parts.ruleFor(probe.source, evidence) ?? circumstance.spared;
    const tool = marks.tool.add(probe);
    const event = this.#event(probe, source, { policy, evidence, rule, tool, isKnown: circumstance.isKnown });
    if (this.tracker.newPort) source.reported.unreportedPorts++;
    if (event.note === 'traceroute-like') marks.traceroutes++;
    if (event.place !== undefined) marks.notePlace(probe);
    marks.triggered ||= event.triggered && !event.isSilent;
    if (group !== null) this.#expose(group, event);
    const isHeldBack = event.triggered && this.#isHeldBack(event);
    const hasConsequence = event.triggered && !isHeldBack;
    let reaction: Reaction = isHeldBack ? 'held back' : 'none';
    // In a scan each fraction of a ms counts, so the action starts first; its result is reported after the probe.
    if (hasConsequence && event.ignored === null && policy !== 0) reaction = this.#respond(event, source);
    this.#parts.recorder().probe(event, source.reported, reaction);
    if (!hasConsequence) return;
    if (rule !== null) this.#refuse(event, rule.text, rule.origin, source.reported);
    else if (policy === 0) this.#logOnly(event, source.reported);
  }

  /** Reports a new group of decoys. A member that is blocked already was probably blocked for a forged packet. */
  #expose(group: DecoyGroup, event: ProbeEvent): void {
    const { config, recorder } = this.#parts;
    const spared = config.decoyPolicy === 'log';
    const members = [...group.names];
    recorder().decoys({ ...event, action: 'decoys', members, isOneSender: group.isOneSender, spared });
    if (!spared) return;
    for (const member of members) {
      const source = this.tracker.get(parseAddress(member) as Address);
      // A member whose action is running is released when it has ended.
      if (source?.marks.acted && !this.#pending.has(member)) this.#parts.takeBack?.(member);
    }
  }

  /** Whether the settings only allow logging, because the packets may be forged. */
  #isHeldBack({ decoy, evidence }: ProbeEvent): boolean {
    const { decoyPolicy, blockSpoofable } = this.#parts.config;
    if (decoy && decoyPolicy === 'log' && !suffices(evidence, 'block among decoys')) return true;
    return !blockSpoofable && !suffices(evidence, 'block that nobody can forge');
  }

  #refuse(details: ProbeEvent, rule: string, origin: RuleOrigin, reported: Reported): void {
    if (reported.refusal) return;
    reported.refusal = true;
    this.blockCounts.addRefused(origin);
    this.#parts.recorder().refused({ ...details, action: 'refused', rule, origin });
  }

  #logOnly(details: ProbeDetails, reported: Reported): void {
    if (reported.history) return;
    reported.history = true;
    this.#parts.recorder().unblocked(details);
  }

  #respond(event: ProbeEvent, source: Source): Reaction {
    const { respond, admits, isSettled, isNetworkHeld } = this.#parts;
    if (respond === null || event.alreadyBlocked) return 'none';
    if (this.#pending.has(event.source)) return 'under way';
    const { failures, lastFailure } = source;
    if (failures > 0 && !mayTryAgain(failures, lastFailure, event.time)) return 'none';
    if (isSettled?.(event)) return 'none';
    if (isNetworkHeld?.(event)) return 'held back';
    if (!admits(connectsOf(event, source), event.evidence, event.time)) return 'held back';
    // The slot may change hands before the actions end, so the source is looked up again by its address.
    const { address } = source;
    source.marks.acted = true;
    const pending = respond(event, event.connects).then((outcome) => {
      this.#pending.delete(event.source);
      this.#responded(address, outcome, event, failures);
    });
    this.#pending.set(event.source, pending);
    return 'begun';
  }

  #responded(address: Address, event: Outcome, probe: ProbeEvent, failures: number): void {
    const source = this.tracker.get(address);
    if (event.action === 'refused') {
      const spared = { ...probe, ignored: event.rule, isSilent: event.isSilent };
      this.#parts.recorder().spared(spared);
      if (source !== undefined) this.#refuse(spared, event.rule, event.origin, source.reported);
      return;
    }
    const worked = event.reason === null;
    if (source !== undefined) {
      source.failures = worked ? 0 : failures + 1;
      source.lastFailure = event.time;
    }
    // Probes from several addresses of a network may have begun the same actions: they count once.
    if (event.source === probe.source) this.#countOutcome(event);
    this.#parts.recorder().block(event, probe);
    const isDecoy = source !== undefined && source.marks.group !== null;
    if (event.action === 'block' && isDecoy && this.#parts.config.decoyPolicy === 'log')
      this.#parts.takeBack?.(event.source);
  }

  #countOutcome({ action, method }: BlockEvent): void {
    if (action === 'block') this.blockCounts.addMade(method);
    else if (action === 'block-failed') this.blockCounts.addFailed(method);
  }

  #endScan(source: Source): void {
    const recorder = this.#parts.recorder();
    const { group, triggered } = source.marks;
    if (source.reported.unreportedProbes > 0) recorder.forget(source.address.toString(), source.reported);
    if (group !== null) {
      if (group.deactivate(source, recorder.listens)) this.#endGroup(group, source);
      return;
    }
    this.scans++;
    this.counts.addScan(shapeOf(source), source.marks.tool.name);
    const isLine = (triggered && source.probes > 1) || isArpSweep(source.kinds);
    // Nobody reads the scans of a flood of forged sources.
    if (recorder.readsEvents || isLine || recorder.wantsScan?.(source.probes) === true)
      recorder.scan(scanEvent(source, this.#answersTo(source), this.#parts.placeOf));
  }

  /** Of a network, what answered its addresses is not known. */
  #answersTo(source: Source): readonly Answered[] | null {
    if (source.hasSeveralAddresses) return null;
    const span = { first: source.firstSeen, last: source.lastSeen };
    return this.#parts.answersTo?.(source.address, span) ?? null;
  }

  #endGroup(group: DecoyGroup, last: Source): void {
    this.scans++;
    this.counts.addScan(shapeOfGroup(group), group.tool);
    const recorder = this.#parts.recorder();
    if (recorder.readsEvents || group.triggered || recorder.wantsScan?.(group.probes) === true)
      recorder.scan(groupScanEvent(group, last));
  }

  /** Makes the probe's only event, in one expression: in a flood it is most of what is allocated. */
  #event(probe: Probe, source: Source, { policy, evidence, rule, tool, isKnown }: Judgement): ProbeEvent {
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
      place: this.#parts.placeOf?.(probe),
      connects: source.connects,
      triggered: this.tracker.triggered && !isNoted(probe.kind) && (!isKnown || source.marks.triggered),
      ignored: rule?.text ?? null,
      isSilent: rule?.isSilent ?? false,
      repeat: this.tracker.repeat,
      note: isKnown ? 'known-service' : isTracerouteLike(probe) ? 'traceroute-like' : null,
      noBlock: policy === 0,
      alreadyBlocked: this.#parts.isBlocked(probe.source, address),
      evidence,
      tool,
      decoy: source.marks.group !== null,
    };
  }

  /** Cached, because most probes have the same destination as the last one. */
  #destinationText(destination: Address): string {
    if (!destination.equals(this.#destination)) {
      this.#destination.set(destination);
      this.#destinationAsText = destination.toString();
    }
    return this.#destinationAsText;
  }

  /** The mode that watches the protocol; a watched port has one. */
  #modeOf(protocol: number): ModeName {
    const { modes } = this.#parts;
    return modes[modeTransportOf(transportOf(protocol))] as ModeName;
  }
}

/** Of a network that sent one packet from each address, each is a source of a single probe: all may be forged. */
function connectsOf({ connects, evidence, decoy, family }: ProbeEvent, source: Source): number {
  if (family === 4 || evidence !== 'spoofable' || decoy) return connects;
  return source.hasSeveralAddresses ? 1 : connects;
}

function limitsOf({ scanTrigger, scanWindow, blockIpv6Prefix }: Config): TrackerLimits {
  return { trigger: scanTrigger, windowMs: scanWindow, ipv6Prefix: blockIpv6Prefix };
}
