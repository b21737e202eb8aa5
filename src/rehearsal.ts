import { RECORD_LENGTH, writeProbe } from './capture/handover.ts';
import { Kind } from './classify/kind.ts';
import { Probe } from './classify/probe.ts';
import type { Config } from './config/config.ts';
import { Engine } from './engine.ts';
import { Intake } from './intake.ts';
import { Address } from './net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from './net/protocol.ts';
import { Recorder } from './record/recorder.ts';
import { NullBackend } from './respond/backends/null.ts';
import { BackendPool } from './respond/backends/pool.ts';
import { Blocks } from './respond/blocks.ts';
import { Breaker } from './respond/breaker.ts';
import { BlockMemory } from './respond/ledger/memory.ts';
import { NeverBlock } from './respond/never-block.ts';
import { ActionQueue } from './respond/queue.ts';
import { Responder } from './respond/responder.ts';
import { homeOfAddresses } from './watch/home.ts';
import type { SocketTable } from './watch/sockets.ts';
import { type Modes, WatchedPorts } from './watch/watched-ports.ts';

/** Scanners that are played; V8 has compiled what runs so often. */
const SCANNERS = 24;

const MODES: Modes = { tcp: 'atcp', udp: 'audp' };
const KNOCKS = [
  { kind: Kind.syn, protocol: PROTOCOL_TCP },
  { kind: Kind.syn, protocol: PROTOCOL_TCP },
  { kind: Kind.fin, protocol: PROTOCOL_TCP },
  { kind: Kind.udp, protocol: PROTOCOL_UDP },
] as const;
/** Each knocks on ports of its own: on the same ones, many sources at once are decoys, which are not blocked. */
const FIRST_PORT = 900;
const PORT_LIMIT = FIRST_PORT + SCANNERS * KNOCKS.length;

/** Addresses for documentation (RFC 5737): whoever has them for all that is not touched by what is played here. */
const FIRST_SOURCE = Address.v4(0xc0_00_02_01).w3;
const HOME = Address.v4(0xc6_33_64_01);

const nothing = () => {};

/**
 * Plays some scans to a second cast of all that judges, tells and acts, before the first real one comes: V8 reads and
 * compiles what it runs for the first time, and meanwhile a scanner learns of some hundred ports more
 * (bench/reaction.ts, the first run). Nothing of it is told, kept or carried out.
 */
export async function rehearse(config: Config, sockets: SocketTable): Promise<void> {
  const queue = new ActionQueue();
  const engine = makeEngine(config, queue, sockets);
  const home = homeOfAddresses([HOME]);
  const intake = new Intake({ engine, sockets, home: () => home, now: Date.now });
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  const probe = new Probe();
  probe.destination.set(HOME);
  for (let scanner = 0; scanner < SCANNERS; scanner++) {
    probe.source.set(Address.v4(FIRST_SOURCE + scanner));
    for (const [index, { kind, protocol }] of KNOCKS.entries()) {
      probe.kind = kind;
      probe.protocol = protocol;
      probe.destinationPort = FIRST_PORT + scanner * KNOCKS.length + index;
      probe.time = Date.now();
      writeProbe(view, 0, probe, 0);
      await intake.take(view, RECORD_LENGTH, 0);
    }
    await engine.settle();
  }
  engine.close();
  await queue.close();
}

/** As the daemon makes it, with a back end that blocks nobody, and a recorder whose lines nobody reads. */
function makeEngine(real: Config, queue: ActionQueue, sockets: SocketTable): Engine {
  const config: Config = {
    ...real,
    advancedPortsTcp: PORT_LIMIT,
    advancedPortsUdp: PORT_LIMIT,
    detect: ['syn', 'fin', 'udp'],
    scanTrigger: 0,
    blockTcp: 1,
    blockUdp: 1,
    blockSpoofable: true,
    killHostsDeny: null,
    killRunCmd: null,
  };
  const recorder = new Recorder({
    logFormat: real.logFormat,
    logTool: real.logTool,
    sumUp: true,
    text: nothing,
    events: null,
    history: null,
    names: null,
  });
  const never = new NeverBlock();
  const breaker = new Breaker({ max: Number.POSITIVE_INFINITY, tell: nothing });
  const blocks = new Blocks({
    config,
    memory: new BlockMemory(),
    backends: new BackendPool(() => new NullBackend()),
    hostsDenyPath: '',
    boot: '',
    ruleFor: (network) => never.ruleForNetwork(network),
    now: Date.now,
    onEnd: nothing,
    tell: nothing,
  });
  const onStep = recorder.step.bind(recorder);
  const responder = new Responder({ config, method: 'null', blocks, queue, hostsDenyPath: '', onStep });
  return new Engine({
    config,
    modes: MODES,
    watched: new WatchedPorts(config, MODES),
    home: homeOfAddresses([HOME]),
    inUse: sockets,
    connections: sockets,
    ruleFor: (address) => never.ruleFor(address),
    isBlocked: (address, text) => blocks.covering(address, text) !== undefined,
    admits: (connects, now) => breaker.admits(connects, now),
    respond: (knock, connects) => responder.respond(knock, connects),
    recorder: () => recorder,
    localCheck: true,
    salt: 0,
    capacity: SCANNERS,
  });
}
