import type { BlockPolicy, Config } from '../config/config.ts';
import type { Modes } from '../config/modes.ts';
import { Engine, type EngineSettings } from '../engine.ts';
import { NullBackend } from '../firewall/null.ts';
import { BlockMemory } from '../ledger/memory.ts';
import { Recorder } from '../record/recorder.ts';
import { assemble } from '../respond/assemble.ts';
import { NeverBlock } from '../respond/never-block.ts';
import { ActionQueue } from '../respond/queue.ts';
import type { Home } from '../watch/home.ts';
import type { SocketTable } from '../watch/sockets.ts';
import { WatchedPorts } from '../watch/watched-ports.ts';

const MODES: Modes = { tcp: 'atcp', udp: 'audp' };

/** Ports that are watched: those below this one. */
export const PORT_LIMIT = 1_024;

/** Sources that may be tracked: a table of the real size would take memory that is needed once. */
const SOURCES = 256;

const nothing = () => {};

/**
 * A second engine with all that it goes by, made as the daemon makes the first. Whatever is configured, nothing that it
 * does is seen: its back end blocks nobody, its log has no reader, it has no files and runs no command.
 */
export class WarmUpEngine {
  readonly engine: Engine;
  readonly #config: Config;
  readonly #queue = new ActionQueue();

  constructor(config: Config, home: Home, sockets: SocketTable) {
    this.#config = config;
    this.engine = this.#makeEngine(home, sockets);
  }

  /** From now on whoever triggers is blocked (1), or only logged (0). */
  setPolicy(policy: BlockPolicy): void {
    this.engine.configure(withoutConsequences(this.#config, policy));
  }

  async end(): Promise<void> {
    this.engine.close();
    await this.#queue.close();
  }

  #makeEngine(home: Home, sockets: SocketTable): Engine {
    const settings = withoutConsequences(this.#config, 1);
    const { config } = settings;
    const recorder = new Recorder({
      logFormat: config.logFormat,
      logTool: config.logTool,
      sumUp: true,
      text: nothing,
      events: null,
      history: null,
      names: null,
    });
    const never = new NeverBlock();
    const { blocks, breaker, makeResponder } = assemble({
      config,
      memory: new BlockMemory(),
      queue: this.#queue,
      makeBackend: () => new NullBackend(),
      hostsDenyPath: '',
      boot: '',
      ruleFor: (network) => never.ruleForNetwork(network),
      now: Date.now,
      onStep: (target, step) => recorder.step(target, step),
      onEnd: nothing,
      tell: nothing,
    });
    const responder = makeResponder(config, 'null');
    return new Engine({
      ...settings,
      home,
      inUse: sockets,
      connections: sockets,
      ruleFor: (address) => never.match(address),
      isBlocked: (address, text) => blocks.covering(address, text) !== undefined,
      admits: (connects, now) => breaker.admits(connects, now),
      respond: (details, connects) => responder.respond(details, connects),
      recorder: () => recorder,
      localCheck: true,
      salt: 0,
      capacity: SOURCES,
    });
  }
}

function withoutConsequences(real: Config, policy: BlockPolicy): EngineSettings {
  const config: Config = {
    ...real,
    advancedPortsTcp: PORT_LIMIT,
    advancedPortsUdp: PORT_LIMIT,
    detect: ['syn', 'fin', 'udp'],
    scanTrigger: 0,
    blockTcp: policy,
    blockUdp: policy,
    blockSpoofable: true,
    blockRateMax: Number.POSITIVE_INFINITY,
    killHostsDeny: null,
    killRunCmd: null,
  };
  return { config, modes: MODES, watched: new WatchedPorts(config, MODES) };
}
