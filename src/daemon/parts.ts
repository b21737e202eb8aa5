import { randomInt } from 'node:crypto';
import { Kind, kindMask } from '../classify/kind.ts';
import { ControlServer } from '../control/server.ts';
import { Engine } from '../engine.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import { needsCapture } from '../preflight/prepare.ts';
import { mayCapture } from '../preflight/privileges.ts';
import type { RunOptions } from '../preflight/run-options.ts';
import type { Log } from '../record/log.ts';
import { listeningLine } from '../record/start-lines.ts';
import { ActionQueue } from '../respond/queue.ts';
import { Realtime } from '../service/realtime.ts';
import { ServiceManager } from '../service/service-manager.ts';
import type { ViewedPorts } from '../watch/filter-plan.ts';
import { type Home, homeOfAddresses } from '../watch/home.ts';
import { NOTHING_IN_USE } from '../watch/in-use.ts';
import { SocketTable } from '../watch/sockets.ts';
import { BlockManager, type BlockManagerParts } from './block-manager.ts';
import { CaptureManager } from './capture-manager.ts';
import { ConnectModes } from './connect-modes.ts';
import { LiveControlHandlers } from './control-handlers.ts';
import type { LogDestinations } from './outputs.ts';
import { ProbeReceiver } from './probe-receiver.ts';
import { Readiness } from './readiness.ts';
import type { Settings } from './settings.ts';

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
}

/** The parts of a live run, wired to each other. Nothing runs yet: `Daemon` starts and ends them. */
export class DaemonParts {
  readonly options: RunOptions;
  readonly log: Log;
  readonly settings: Settings;
  readonly sockets = new SocketTable(PROC_NET);
  readonly queue = new ActionQueue();
  readonly blockManager: BlockManager;
  readonly engine: Engine;
  readonly connectModes: ConnectModes;
  readonly probeReceiver: ProbeReceiver;
  readonly readiness: Readiness;
  readonly captureManager: CaptureManager;
  readonly control: ControlServer;
  readonly serviceManager: ServiceManager;
  readonly realtime: Realtime;
  readonly #tell: (text: string) => void;
  #home: Home = homeOfAddresses([]);

  constructor({ options, version, log, destinations, settings, memory }: DaemonInputs) {
    this.options = options;
    this.log = log;
    this.settings = settings;
    this.#tell = (text) => settings.tell(text);
    this.blockManager = this.#makeBlockManager(memory);
    this.engine = this.#makeEngine();
    this.connectModes = new ConnectModes({
      engine: this.engine,
      isOwn: (address) => this.#home.has(address),
      now: Date.now,
      onConnect: (probe) => this.blockManager.commands.presence.noteConnect(probe),
      tell: (line) => log.line(line),
    });
    this.probeReceiver = new ProbeReceiver({
      engine: this.engine,
      sockets: this.sockets,
      home: () => this.#home,
      witness: (probe) => this.connectModes.matchSyn(probe),
      presence: this.blockManager.commands.presence,
      now: Date.now,
    });
    this.readiness = new Readiness({
      verbose: options.verbose,
      needsCapture: () => needsCapture(settings.modes),
      onListening: () => log.line(listeningLine(settings.config.logFormat)),
      tell: this.#tell,
    });
    this.captureManager = this.#makeCaptureManager();
    this.control = this.#makeControl(version, destinations);
    this.serviceManager = new ServiceManager({ env: process.env, pid: process.pid, tell: this.#tell });
    this.realtime = new Realtime({
      capture: () => this.captureManager.capturePid,
      others: () => this.blockManager.backends.pids,
    });
  }

  /**
   * The ports whose packets are captured. The mode tcp has sockets of its own; where capture is permitted, SYNs to them
   * also name the clients that reset a connection too early for the socket.
   */
  viewedPorts(): ViewedPorts {
    const { config, modes, watched } = this.settings;
    if (modes.tcp !== 'tcp' || !mayCapture()) return watched;
    const { udp, kinds } = watched;
    const witnesses = kindMask([Kind.syn]) | (kinds & kindMask([Kind.udp]));
    return { tcp: config.tcpPorts, udp, kinds: witnesses, capturesTcp: false };
  }

  #makeBlockManager(memory: BlockMemory): BlockManager {
    const { settings } = this;
    const parts = {
      config: settings.config,
      dryRun: this.options.dryRun,
      queue: this.queue,
      onStep: (target, step) => settings.recorder.step(target, step),
      onEnd: (event) => settings.recorder.unblock(event),
      tell: this.#tell,
    } satisfies BlockManagerParts;
    return new BlockManager(parts, memory);
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
      inUse: options.serviceCheck ? sockets : NOTHING_IN_USE,
      connections: sockets,
      ruleFor: (address) => allowList.never.match(address),
      isBlocked: (address, text) => blockManager.isBlocked(address, text),
      isSettled: (details) => blockManager.isSettled(details),
      admits: (connects, now) => breaker.admits(connects, now),
      respond: options.dryRun ? null : (details, connects) => blockManager.respond(details, connects),
      takeBack: (source) => void blocks.releaseDecoy(source),
      recorder: () => settings.recorder,
      ...(options.debug ? { onLocal: (address) => settings.recorder.local(String(address)) } : {}),
      localCheck: options.localCheck,
      salt: randomInt(2 ** 32),
    });
  }

  #makeCaptureManager(): CaptureManager {
    const { options, settings, sockets, readiness, connectModes, blockManager } = this;
    return new CaptureManager(
      {
        interfaces: settings.prepared.interfaces,
        sockets,
        isOurs: (port) => connectModes.holds(port),
        watchesPortsInUse: !options.serviceCheck,
        needsRefusals: () => blockManager.usesCommand,
        records: (view, length, sensor) => {
          this.realtime.work();
          return this.probeReceiver.take(view, length, sensor);
        },
        hostChanged: ({ addresses, broadcasts }) => {
          this.#home = homeOfAddresses(addresses);
          this.blockManager.allowList.never.setOwn(addresses, broadcasts);
          this.engine.tracker.setOwn(addresses);
          connectModes.hostChanged();
        },
        ready: (devices) => readiness.ready(devices),
        failed: (reason, permission) => readiness.captureFailed(reason, permission),
        notRenewed: (reason) => this.#tell(`Capture goes on with the old filter: ${reason}.`),
      },
      this.viewedPorts(),
    );
  }

  #makeControl(version: string, destinations: LogDestinations): ControlServer {
    const { settings, captureManager, readiness } = this;
    const handlers = new LiveControlHandlers({
      version,
      startedAt: Date.now(),
      dryRun: this.options.dryRun,
      destinations,
      prepared: () => settings.prepared,
      watched: () => settings.watched,
      blockManager: this.blockManager,
      engine: this.engine,
      sockets: this.sockets,
      listening: () => this.connectModes.ports,
      queue: this.queue,
      interfaces: () => (captureManager.isNeeded ? readiness.interfaces : []),
      counts: () => captureManager.counts(),
      duplicates: () => this.probeReceiver.duplicates,
      onBlock: (entry) => settings.recorder.blockedByHand(entry),
    });
    return new ControlServer({ path: settings.config.controlSocket, handlers, tell: this.#tell });
  }
}
