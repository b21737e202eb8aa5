/**
 * How long the look at what this host depends on takes before a block (`src/respond/host-lookup.ts`): alone, beside many
 * connections, and in a flood of sources. On this host, whose routes, resolvers and processes it reads; its connections
 * are on the loopback.
 */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parsePrefix } from '../src/net/prefix.ts';
import { HostLookup } from '../src/respond/host-lookup.ts';
import { median } from './support/measure.ts';

const LOOKS = 300;
const CONNECTIONS = 1_000;
const FLOOD_MS = 5_000;
/** A flood of sources that are to be blocked; each asks for itself. */
const QUESTIONS_PER_MS = 2;

/** An address that has nothing to do with this host, and one that has connections to it, as a logged-in one would. */
const STRANGER = parsePrefix('203.0.113.9');
const CLIENT = parsePrefix('127.0.0.1');

const lookup = new HostLookup({ now: () => performance.now() });
const server = net.createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as net.AddressInfo;
const clients: net.Socket[] = [];

await measure('alone', STRANGER);
while (clients.length < CONNECTIONS) {
  const client = net.connect(port, '127.0.0.1');
  clients.push(client);
  await once(client, 'connect');
}
await measure(`beside ${CONNECTIONS} connections`, STRANGER);
await measure(`the same, the source has all of them`, CLIENT);
await flood();
for (const client of clients) client.destroy();
server.close();
await lookup.close();

async function measure(name: string, about: typeof STRANGER): Promise<void> {
  const times: number[] = [];
  for (let count = 0; count < LOOKS; count++) {
    times.push(await timed(about));
    // The next one must not wait for the rest after this one.
    await delay((times.at(-1) as number) * 4);
  }
  console.log(`${name}: ${figures(times)}`);
}

async function flood(): Promise<void> {
  const times: number[] = [];
  const asked: Promise<unknown>[] = [];
  const cpu = process.cpuUsage();
  const begun = performance.now();
  for (let now = begun; now - begun < FLOOD_MS; now = performance.now()) {
    while (asked.length < (now - begun) * QUESTIONS_PER_MS)
      asked.push(timed(STRANGER).then((ms) => times.push(ms)));
    await delay(1);
  }
  await Promise.all(asked);
  const { user, system } = process.cpuUsage(cpu);
  const share = (user + system) / 1_000 / (performance.now() - begun);
  console.log(
    `a flood of ${QUESTIONS_PER_MS * 1_000} questions a second: ${figures(times)}; ` +
      `${Math.round(100 * share)} % of a processor, that of the questions included`,
  );
}

async function timed(about: typeof STRANGER): Promise<number> {
  const begun = performance.now();
  await lookup.look({ about, asksTimeDaemons: false });
  return performance.now() - begun;
}

function figures(times: readonly number[]): string {
  const last = [...times].sort((one, other) => one - other)[Math.floor(times.length * 0.99)] as number;
  return `${median(times).toFixed(1)} ms in the median of ${times.length} looks, 99 % in ${last.toFixed(1)} ms`;
}
