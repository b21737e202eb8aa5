import { Kind } from '../classify/kind.ts';
import { Probe } from '../classify/probe.ts';
import type { Config } from '../config/config.ts';
import { Address } from '../net/address.ts';
import { FIRST_SOURCE, HOME } from '../net/documentation-addresses.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import { RECORD_LENGTH, writeProbe } from '../sensor/record-format.ts';
import { homeOfAddresses } from '../watch/home.ts';
import type { SocketTable } from '../watch/sockets.ts';
import { ProbeReceiver } from './probe-receiver.ts';
import { PORT_LIMIT, WarmUpEngine } from './warm-up-engine.ts';

/** Scanners, each of which is blocked, and what each sends. */
const SCANNERS = 24;
const KNOCKS: readonly Knock[] = [
  { kind: Kind.syn, protocol: PROTOCOL_TCP },
  { kind: Kind.syn, protocol: PROTOCOL_TCP },
  { kind: Kind.fin, protocol: PROTOCOL_TCP },
  { kind: Kind.udp, protocol: PROTOCOL_UDP },
];

/** Then SYNs of a flood, each from another source, so many at a time. */
const FLOOD = 2_048;
const BATCH = 128;

interface Knock {
  readonly kind: Kind;
  readonly protocol: number;
}

/**
 * Plays some scans and a flood to a second engine of all that judges, tells and acts, before the first real ones come: V8
 * reads and compiles what runs for the first time, and meanwhile a scanner learns of some hundred ports more
 * (bench/reaction.ts, the first run), and a flood waits so long that some of it is lost.
 */
export async function warmUp(config: Config, sockets: SocketTable): Promise<void> {
  const home = homeOfAddresses([HOME]);
  const warmUpEngine = new WarmUpEngine(config, home, sockets);
  const receiver = new ProbeReceiver({
    engine: warmUpEngine.engine,
    sockets,
    home: () => home,
    now: Date.now,
  });
  const view = new DataView(new ArrayBuffer(BATCH * RECORD_LENGTH));
  // Each on ports of its own: on the same ones, many sources at once are decoys.
  const port = (number: number) => number % PORT_LIMIT;
  for (let scanner = 0; scanner < SCANNERS; scanner++) {
    for (const [index, knock] of KNOCKS.entries()) {
      write(view, 0, knock, scanner, port(scanner * KNOCKS.length + index));
      await receiver.take(view, RECORD_LENGTH, 0);
    }
    await warmUpEngine.engine.settle();
  }
  warmUpEngine.setPolicy(0);
  for (let sent = 0; sent < FLOOD; sent += BATCH) {
    for (let index = 0; index < BATCH; index++) {
      const number = sent + index;
      write(view, index * RECORD_LENGTH, KNOCKS[0] as Knock, SCANNERS + number, port(number));
    }
    await receiver.take(view, BATCH * RECORD_LENGTH, 0);
  }
  await warmUpEngine.end();
}

const probe = new Probe();

function write(
  view: DataView,
  offset: number,
  { kind, protocol }: Knock,
  source: number,
  port: number,
): void {
  probe.time = Date.now();
  probe.kind = kind;
  probe.protocol = protocol;
  probe.source.set(Address.v4(FIRST_SOURCE + source));
  probe.destination.set(HOME);
  probe.destinationPort = port;
  writeProbe(view, offset, probe, 0);
}
