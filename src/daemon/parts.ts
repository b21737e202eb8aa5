import { randomInt } from 'node:crypto';
import { release } from 'node:os';
import { ALL, ALL_BUT_LOOPBACK, ANY } from '../capture/devices.ts';
import { isNoted, Kind, kindMask } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { PortSet } from '../config/ports.ts';
import { ControlServer } from '../control/server.ts';
import { Engine } from '../engine.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import { type ModeTransport, modeTransportOf, transportOf } from '../net/protocol.ts';
import type { Notifier } from '../notify/notifier.ts';
import { needsCapture } from '../preflight/prepare.ts';
import { mayCapture } from '../preflight/privileges.ts';
import type { RunOptions } from '../preflight/run-options.ts';
import type { Log } from '../record/log.ts';
import { listeningLine } from '../record/start-lines.ts';
import { whyNoChallenge } from '../respond/challenging.ts';
import type { Outcome, UnblockEvent } from '../respond/event.ts';
import { mayHold } from '../respond/holding.ts';
import { ActionQueue } from '../respond/queue.ts';
import type { SensorPlan } from '../sensor/kernel/plan.ts';
import type { SensorTable } from '../sensor/kernel/sensor-table.ts';
import { RecordCheck } from '../sensor/record-check.ts';
import { takePassedSockets } from '../service/passed-sockets.ts';
import { ServiceManager } from '../service/service-manager.ts';
import { CoinTests } from '../track/coin-tests.ts';
import type { ProbeEvent } from '../track/event.ts';
import { suffices } from '../track/evidence.ts';
import { readEphemeralPorts } from '../watch/ephemeral-ports.ts';
import type { ViewedPorts } from '../watch/filter-plan.ts';
import { type Home, homeOfAddresses } from '../watch/home.ts';
import { SocketTable } from '../watch/sockets.ts';
import { BlockManager, type BlockManagerParts } from './block-manager.ts';
import { CaptureManager } from './capture-manager.ts';
import type { SteadyClock } from './clock.ts';
import { ConnectModes } from './connect-modes.ts';
import { LiveControlHandlers } from './control-handlers.ts';
import { Holds } from './holds.ts';
import { KernelSensor } from './kernel-sensor.ts';
import { Lists } from './lists.ts';
import { MetricsOutputs } from './metrics-outputs.ts';
import { readMetrics } from './metrics-readings.ts';
import { MetricsText } from './metrics-text.ts';
import { NeighbourHolds } from './neighbour-holds.ts';
import type { LogDestinations } from './outputs.ts';
import { PacketHolds } from './packet-holds.ts';
import { ProbeReceiver } from './probe-receiver.ts';
import { Readiness } from './readiness.ts';
import { ReportReceiver } from './report-receiver.ts';
import { PACKET_SENSOR_IS_WEAKER, sensorStatus } from './sensor-status.ts';
import { SensorUpkeep } from './sensor-upkeep.ts';
import { ServiceMemory } from './service-memory.ts';
import type { Settings } from './settings.ts';
import type { Share } from './share.ts';

/** The socket table of this process's own network namespace. */
const PROC_NET = '/proc/self/net';

/** What a live run is given at its start. */
export interface DaemonInputs {
  readonly options: RunOptions;
  readonly version: string;
  readonly log: Log;
  readonly destinations: LogDestinations;
  readonly settings: Settings;
  readonly memory: BlockMemory;
  readonly clock: SteadyClock;
  readonly notifier: Notifier;
}

/** The parts of a live run, wired to each other. Nothing runs yet: `Daemon` starts and ends them. */
export class DaemonParts {
  readonly options: RunOptions;
  readonly log: Log;
  readonly settings: Settings;
  readonly clock: SteadyClock;
  readonly notifier: Notifier;
  readonly sockets = new SocketTable(PROC_NET);
  readonly queue = new ActionQueue();
  readonly blockManager: BlockManager;
  readonly engine: Engine;
  readonly connectModes: ConnectModes;
  readonly recordCheck: RecordCheck;
  readonly probeReceiver: ProbeReceiver;
  readonly serviceMemory: ServiceMemory;
  readonly kernelSensor: KernelSensor;
  readonly packetHolds: PacketHolds;
  readonly holds: Holds;
  readonly coinTests = new CoinTests();
  readonly lists: Lists;
  /** What is shared with other hosts; null before the start, and when no engine is configured. */
  share: Share | null = null;
  readonly reportReceiver: ReportReceiver;
  readonly sensorUpkeep: SensorUpkeep;
  /** Which sensor watches and why, in one sentence; null before the start, and where no mode needs one. */
  sensorChoice: string | null = null;
  readonly readiness: Readiness;
  readonly captureManager: CaptureManager;
  readonly metrics: MetricsText;
  readonly metricsOutputs: MetricsOutputs;
  readonly control: ControlServer;
  readonly serviceManager: ServiceManager;
  readonly #neighbourHolds: NeighbourHolds;
  readonly #tell: (text: string) => void;
  #home: Home = homeOfAddresses([]);
  #ownAddresses: readonly Address[] = [];

  constructor({ options, version, log, destinations, settings, memory, clock, notifier }: DaemonInputs) {
    this.options = options;
    this.log = log;
    this.settings = settings;
    this.clock = clock;
    this.notifier = notifier;
    this.#tell = (text) => settings.tell(text);
    this.metrics = this.#makeMetrics(version);
    this.metricsOutputs = new MetricsOutputs({
      text: () => this.metrics.read(),
      passed: takePassedSockets(process.env, process.pid),
      dryRun: options.dryRun,
      tell: this.#tell,
    });
    this.blockManager = this.#makeBlockManager(memory);
    this.engine = this.#makeEngine();
    this.lists = new Lists({
      never: this.blockManager.allowList.never,
      passing: () => this.blockManager.passing(),
      stateDir: () => settings.config.stateDir,
      dryRun: options.dryRun,
      clock,
      tell: this.#tell,
    });
    this.connectModes = new ConnectModes({
      engine: this.engine,
      isOwn: (address) => this.#home.has(address),
      now: this.clock.now,
      onConnect: (probe) => this.blockManager.commands.presence.noteConnect(probe),
      tell: (line) => log.line(line),
    });
    this.serviceMemory = new ServiceMemory({
      sockets: this.sockets,
      clock: this.clock,
      isWanted: () => settings.config.knownServices,
      stateDir: () => (options.dryRun ? null : settings.config.stateDir),
      tell: this.#tell,
    });
    this.recordCheck = new RecordCheck({ now: this.clock.now, tell: this.#tell });
    this.probeReceiver = new ProbeReceiver({
      check: this.recordCheck,
      engine: this.engine,
      sockets: this.sockets,
      home: () => this.#home,
      isKnown: (protocol, address, port) => this.serviceMemory.has(protocol, address, port),
      witness: (probe) => this.connectModes.matchSyn(probe),
      presence: this.blockManager.commands.presence,
      judged: (probe) => this.#holdIfItGoesOn(probe),
      now: this.clock.now,
    });
    this.readiness = new Readiness({
      verbose: options.verbose,
      needsCapture: () => needsCapture(settings.modes),
      onListening: () => log.line(listeningLine(settings.config.logFormat)),
      tell: this.#tell,
    });
    this.kernelSensor = this.#makeKernelSensor();
    this.#neighbourHolds = new NeighbourHolds({
      hold: (mac) => void this.packetHolds.table.hold('held_mac', mac, settings.config.holdTime),
      now: () => performance.now(),
    });
    this.packetHolds = new PacketHolds({ plan: () => this.#tablePlan(), tell: this.#tell });
    this.holds = this.#makeHolds();
    this.sensorUpkeep = this.#makeSensorUpkeep();
    this.reportReceiver = new ReportReceiver({
      check: this.recordCheck,
      engine: this.engine,
      sockets: this.sockets,
      holds: this.holds,
      coinTests: this.coinTests,
      tossesCoins: () => this.#tossesCoins,
      now: () => performance.now(),
      mayHold: (transport) => this.#mayHold(transport),
      ruleFor: (source) => this.blockManager.allowList.never.ruleFor(source),
      forwards: () => this.sensorUpkeep.forwards,
      presence: this.blockManager.commands.presence,
      trialSeen: () => this.kernelSensor.trialSeen(),
      tell: this.#tell,
    });
    this.captureManager = this.#makeCaptureManager();
    this.control = this.#makeControl(version, destinations);
    this.serviceManager = new ServiceManager({ env: process.env, pid: process.pid, tell: this.#tell });
  }

  /**
   * The ports whose packets are captured: none that the kernel sensor reports. The mode tcp has sockets of its own; where
   * capture is permitted, SYNs to them also name the clients that reset a connection too early for the socket.
   */
  viewedPorts(): ViewedPorts {
    const { config, modes, watched } = this.settings;
    const captured = this.kernelSensor.isOpen
      ? { tcp: new PortSet(), udp: new PortSet(), kinds: 0, capturesTcp: false }
      : watched;
    if (modes.tcp !== 'tcp' || !mayCapture()) return captured;
    const witnesses = kindMask([Kind.syn]) | (captured.kinds & kindMask([Kind.udp]));
    return { tcp: config.tcpPorts, udp: captured.udp, kinds: witnesses, capturesTcp: false };
  }

  /** Frames and reports by the reason for which their decoding ended. */
  counts(): Map<number, number> {
    const counts = this.captureManager.counts();
    for (const [reason, count] of this.kernelSensor.counts())
      counts.set(reason, (counts.get(reason) ?? 0) + count);
    return counts;
  }

  /** Whether any mode watches ports that are not its own sockets. */
  get watchesIdlePorts(): boolean {
    const { tcp, udp } = this.settings.watched;
    return !tcp.isEmpty || !udp.isEmpty;
  }

  /** The interfaces that packets are watched on. */
  #interfaces(): readonly string[] {
    const { captureManager, readiness, kernelSensor } = this;
    const captured = captureManager.isNeeded ? readiness.interfaces : [];
    if (!kernelSensor.isOpen) return captured;
    return [...new Set([...captured, ...captureManager.devices])];
  }

  #makeBlockManager(memory: BlockMemory): BlockManager {
    const { settings } = this;
    const parts = {
      config: settings.config,
      dryRun: this.options.dryRun,
      clock: this.clock,
      queue: this.queue,
      onStep: (target, step) => settings.recorder.step(target, step),
      onBlocked: ({ time }) => this.engine.blockCounts.addDuration(this.clock.precisely() - time),
      onEnd: (event) => {
        this.engine.blockCounts.addEnded(event.how);
        settings.recorder.unblock(event);
        this.#endHold(event);
      },
      tell: this.#tell,
    } satisfies BlockManagerParts;
    return new BlockManager(parts, memory);
  }

  /** What a sensor said of this host does not outlive it: somebody may have taken it over. */
  #forgetSensor(): void {
    this.sockets.forgetSeen();
    this.blockManager.commands.presence.forget();
  }

  /** A source whose block ends is free, also of a hold. One whose block failed, or that is a decoy, stays held. */
  #endHold({ how, entry }: UnblockEvent): void {
    const network = parsePrefix(entry.block.target);
    const isFree = how === 'unblocked' || how === 'spared' || how === 'expired';
    if (isFree && network !== null && this.#canHold) this.holds.end(network);
  }

  /** Whether a table holds sources now. */
  get #canHold(): boolean {
    return this.kernelSensor.isOpen || this.packetHolds.isOpen;
  }

  /** That table. */
  get #holdingTable(): SensorTable {
    return this.packetHolds.isOpen ? this.packetHolds.table : this.kernelSensor.table;
  }

  #makeHolds(): Holds {
    const { config } = this.settings;
    return new Holds({
      table: {
        hold: (...hold) => this.#holdingTable.hold(...hold),
        release: (...source) => this.#holdingTable.release(...source),
        exempt: (...source) => this.#holdingTable.exempt(...source),
      },
      holdTimeMs: config.holdTime,
      ipv6Prefix: config.blockIpv6Prefix,
      now: () => performance.now(),
      tell: this.#tell,
    });
  }

  /** Holds what the packet sensor saw, if that is a decoy or one of many addresses of a network. */
  #holdIfItGoesOn({ source, protocol, kind }: Probe): void {
    if (!this.packetHolds.isOpen || isNoted(kind)) return;
    const { judged } = this.engine;
    if (!judged.isDecoy && source.isV4) return;
    if (!this.#mayHold(modeTransportOf(transportOf(protocol)))) return;
    if (this.blockManager.allowList.never.ruleFor(source) !== null) return;
    if (this.holds.isOfLink(source)) void this.#neighbourHolds.probed(source);
    this.holds.probed(source, judged);
  }

  #makeEngine(): Engine {
    const { settings, options, sockets, blockManager } = this;
    const { allowList, blocks, breaker } = blockManager;
    const { config, modes, watched } = settings;
    return new Engine({
      config,
      modes,
      watched,
      home: { has: (address) => this.#home.has(address) },
      inUse: options.serviceCheck ? sockets : this.metricsOutputs,
      connections: sockets,
      ruleFor: (address, evidence) => allowList.never.match(address, evidence),
      isBlocked: (address, text) => blockManager.isBlocked(address, text),
      isSettled: (details) => blockManager.isSettled(details),
      isNetworkHeld: (event) => this.#isNetworkHeld(event),
      admits: (connects, evidence, now) => breaker.admits(connects, evidence, now),
      respond: options.dryRun ? null : (event, connects) => this.#respond(event, connects),
      reacts: (source) => this.coinTests.hasProven(source),
      takeBack: (source) => void blocks.releaseDecoy(source),
      recorder: () => settings.recorder,
      ...(options.debug ? { onLocal: (address) => settings.recorder.local(String(address)) } : {}),
      localCheck: options.localCheck,
      salt: randomInt(2 ** 32),
    });
  }

  /** A source that turns out to be spared is free of its hold at once. */
  async #respond(event: ProbeEvent, connects: number): Promise<Outcome> {
    const outcome = await this.blockManager.respond(event, connects);
    if (outcome.action === 'refused' && this.kernelSensor.isOpen)
      this.holds.release(parseAddress(event.source) as Address);
    if (outcome.action === 'block') this.share?.blocked(outcome);
    return outcome;
  }

  #makeKernelSensor(): KernelSensor {
    return new KernelSensor({
      plan: () => this.#tablePlan(),
      clockBaseMs: this.clock.baseMs,
      records: async (view, length) => this.reportReceiver.take(view, length),
      refused: () => this.recordCheck.refuse(),
      died: () => this.#forgetSensor(),
      reportsGoTo: (group) => this.blockManager.reportTo(group),
      tell: this.#tell,
      failed: (reason) => void this.#giveUpKernelSensor(reason),
    });
  }

  /** A network whose addresses send a packet each is held, not blocked: most of them may be strangers'. */
  #isNetworkHeld({ source, family, evidence }: ProbeEvent): boolean {
    if (family === 4 || suffices(evidence, 'block of a network')) return false;
    const { holds } = this;
    return holds.isNetworkHeld(parseAddress(source) as Address);
  }

  #tablePlan(): SensorPlan {
    const { config, watched, prepared } = this.settings;
    return {
      group: config.nflogGroup,
      tcp: watched.tcp,
      udp: watched.udp,
      excludedTcp: watched.excludedTcp,
      kinds: watched.kinds,
      interfaces: namedInterfaces(prepared.interfaces),
      watchesLoopback: prepared.interfaces.some((word) => LOOPBACK_WORDS.has(word)),
      trigger: config.scanTrigger,
      ipv6Prefix: config.blockIpv6Prefix,
      holdsTcp: this.#mayHold('tcp'),
      holdsUdp: this.#mayHold('udp'),
      ephemeral: readEphemeralPorts(),
      holdTimeMs: config.holdTime,
      challenges: this.#tossesCoins,
    };
  }

  get #tossesCoins(): boolean {
    return this.#mayHold('tcp') && this.#challenges;
  }

  #mayHold(transport: ModeTransport): boolean {
    return !this.options.dryRun && mayHold(this.settings.config, transport, this.#challenges);
  }

  /** CHALLENGE="1" asks for the coin test, and nothing keeps it from having an effect, as far as is known. */
  get #challenges(): boolean {
    const { config } = this.settings;
    const mayReport = this.sensorChoice === null || this.kernelSensor.isOpen;
    return config.challenge && mayReport && whyNoChallenge(config, release()) === null;
  }

  /** The table was taken away and cannot be put back: captured frames take its place. */
  async #giveUpKernelSensor(reason: string): Promise<void> {
    this.sensorChoice = `The packet sensor watches captured frames, because the kernel sensor ended: ${reason}.`;
    this.#tell(`${this.sensorChoice} ${PACKET_SENSOR_IS_WEAKER}`);
    await this.kernelSensor.close();
    this.captureManager.configure(this.viewedPorts());
    await this.openPacketHolds();
  }

  /** Holds sources for the packet sensor, where a hold may be. */
  async openPacketHolds(): Promise<void> {
    const { packetHolds } = this;
    if (!this.#mayHold('tcp') && !this.#mayHold('udp')) return;
    const failure = await packetHolds.open();
    if (failure !== null) this.#tell(`Decoys and IPv6 networks that go on are not held: ${failure}.`);
  }

  #makeSensorUpkeep(): SensorUpkeep {
    const { sockets, serviceMemory, holds, blockManager, kernelSensor, packetHolds } = this;
    return new SensorUpkeep({
      table: {
        setElements: async (name, elements) => {
          const each = [...elements];
          const failure = await kernelSensor.table.setElements(name, each);
          return (await packetHolds.table.setElements(name, each)) ?? failure;
        },
      },
      holds,
      sockets,
      serviceMemory,
      spared: () => blockManager.allowList.sparedBySensor(),
      doubted: () => blockManager.blocks.sight.commands,
      ownAddresses: () => this.#ownAddresses,
      lookUpSessions: () => void blockManager.allowList.learn({ about: null, asksTimeDaemons: false }),
    });
  }

  #makeCaptureManager(): CaptureManager {
    const { options, settings, sockets, readiness, connectModes, blockManager } = this;
    return new CaptureManager(
      {
        interfaces: () => settings.prepared.interfaces,
        clock: this.clock,
        sockets,
        isOurs: (port) => connectModes.holds(port),
        watchesPortsInUse: !options.serviceCheck,
        needsRefusals: () => blockManager.usesCommand,
        records: (view, length, sensor) => this.probeReceiver.take(view, length, sensor),
        refused: () => this.recordCheck.refuse(),
        died: () => this.#forgetSensor(),
        hostChanged: ({ addresses, broadcasts }) => {
          this.#home = homeOfAddresses(addresses);
          this.#ownAddresses = addresses;
          this.blockManager.allowList.never.setOwn(addresses, broadcasts);
          this.engine.tracker.setOwn(addresses);
        },
        hostSettled: () => connectModes.hostChanged(),
        ready: (devices) => readiness.ready(devices),
        failed: (reason, permission) => readiness.captureFailed(reason, permission),
        leftOut: (device) => this.#tell(`Nothing is captured on ${device}: libpcap cannot read its frames.`),
        notRenewed: (reason) => this.#tell(`Capture goes on with the old filter: ${reason}.`),
      },
      this.viewedPorts(),
    );
  }

  #makeMetrics(version: string): MetricsText {
    const startTime = this.clock.now();
    return new MetricsText({
      read: () => readMetrics(this, { version, startTime }),
      held: async () => (this.#canHold ? this.#holdingTable.heldByFamily() : NOBODY),
      now: () => performance.now(),
    });
  }

  #makeControl(version: string, destinations: LogDestinations): ControlServer {
    const { settings } = this;
    const handlers = new LiveControlHandlers({
      version,
      startedAt: this.clock.now(),
      dryRun: this.options.dryRun,
      destinations,
      prepared: () => settings.prepared,
      watched: () => settings.watched,
      blockManager: this.blockManager,
      engine: this.engine,
      sockets: this.sockets,
      listening: () => this.connectModes.ports,
      queue: this.queue,
      interfaces: () => this.#interfaces(),
      counts: () => this.counts(),
      duplicates: () => this.probeReceiver.duplicates,
      sensor: () =>
        sensorStatus({
          choice: this.sensorChoice,
          kernelSensor: this.kernelSensor,
          captureManager: this.captureManager,
          recordCheck: this.recordCheck,
          coinTests: this.coinTests,
          method: this.blockManager.method.name,
        }),
      coinTests: this.coinTests,
      lists: this.lists,
      metrics: this.metrics,
      metricsOutputs: this.metricsOutputs,
      share: () => this.share,
      knownServices: () => this.serviceMemory.services,
      notifier: this.notifier,
      onBlock: (entry) => {
        this.engine.blockCounts.addMade(entry.method);
        settings.recorder.blockedByHand(entry);
      },
    });
    return new ControlServer({ path: settings.config.controlSocket, handlers, tell: this.#tell });
  }
}

/** Where nothing can be held. */
const NOBODY = { ipv4: 0, ipv6: 0 };

/** The words of --interface that stand for every interface. */
const ALL_WORDS: ReadonlySet<string> = new Set([ALL, ALL_BUT_LOOPBACK, ANY]);

/** Those that stand for loopback, among others or alone. */
const LOOPBACK_WORDS: ReadonlySet<string> = new Set([ALL, ANY, 'lo']);

/** The names in the words of --interface; null when loopback alone is left out, or nothing. */
function namedInterfaces(words: readonly string[]): readonly string[] | null {
  return words.length === 0 || words.some((word) => ALL_WORDS.has(word)) ? null : words;
}
