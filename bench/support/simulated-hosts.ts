/**
 * Hundreds of hosts that share by one engine, in one process: of each its queue, its client and its pace as the daemon has them,
 * without a sensor and a firewall. The argument is a Plan in JSON; it prints an Outcome in JSON. The bench starts it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CrowdsecEngine } from '../../src/share/crowdsec/engine.ts';
import type { ShareEngine } from '../../src/share/engine.ts';
import { Exchange } from '../../src/share/exchange.ts';
import { ShareQueue } from '../../src/share/queue.ts';
import { RedisClient } from '../../src/share/redis/client.ts';
import { RedisEngine, setupOf } from '../../src/share/redis/engine.ts';
import type { Report } from '../../src/share/report.ts';
import { Percentiles } from './percentiles.ts';

/** What the hosts do. */
export interface Plan {
  readonly engine: 'crowdsec' | 'redis';
  readonly url: string;
  readonly hosts: number;
  readonly seconds: number;
  /** Sources that each host reports in an hour. */
  readonly reportsPerHour: number;
  /** Sources that each host reports at once at the end. */
  readonly storm: number;
  readonly pullIntervalMs: number;
  /** The folder with NAME.password, NAME.key and share.key. */
  readonly folder: string;
  readonly user: string | null;
}

/** What became of it. Times in ms. */
export interface Outcome {
  /** Until every host had logged in and heard all that was known, when all began at once. */
  readonly startMs: number;
  readonly reports: number;
  readonly taken: number;
  readonly heard: number;
  /** From a report until the engine had it, and until another host knew of it. */
  readonly toldMs: readonly number[];
  readonly heardMs: readonly number[];
  readonly pulls: number;
  readonly failures: readonly string[];
  readonly cpuSeconds: number;
  /** From the storm's beginning until all was taken, and until all hosts knew it; null where that never came. */
  readonly stormTakenMs: number | null;
  readonly stormHeardMs: number | null;
}

const HOUR_MS = 3_600_000;

/** How long what was said last may take until all know of it. */
const REST_MS = 120_000;

/** What every report says beside its target. */
const REPORT: Omit<Report, 'target' | 'since' | 'until'> = {
  evidence: 'handshake',
  kind: 'connect',
  transport: 'tcp',
  port: 23,
  probes: 10,
  ports: 4,
  tool: null,
};

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
const told = new Percentiles();
const heard = new Percentiles();
const failures = new Set<string>();
/** When each target was reported, by its text. */
const reportedAt = new Map<string, number>();
/** Targets that the engine has not taken yet, and the queue in which each waits. */
const waiting = new Map<string, ShareQueue>();
let heardCount = 0;
let sequence = 0;

interface SimulatedHost {
  readonly exchange: Exchange;
  readonly queue: ShareQueue;
}

const hosts: SimulatedHost[] = [];
for (let index = 0; index < plan.hosts; index++) hosts.push(await hostOf(index));

const setUp = performance.now();
for (let turn = 0; hosts.some(({ exchange }) => exchange.lastPull === null); turn++) {
  tick(turn);
  await delay(100);
}
const startMs = performance.now() - setUp;

const begun = performance.now();
const end = begun + plan.seconds * 1_000;
const chance = (plan.reportsPerHour * plan.hosts * 100) / HOUR_MS;
let debt = 0;
// Ten times a second a tenth of the hosts has its second.
for (let turn = 0; performance.now() < end; turn++) {
  for (debt += chance; debt >= 1; debt--)
    report(hosts[Math.floor(Math.random() * hosts.length)] as SimulatedHost);
  tick(turn);
  await delay(Math.max(0, begun + (turn + 1) * 100 - performance.now()));
}
await settle();
const reports = sequence;
const takenQuietly = reports - waiting.size;
const quiet = {
  toldMs: told.shown(),
  heardMs: heard.shown(),
  heardCount,
  pulls: sum((host) => host.exchange.pulls),
};
const cpuSeconds = process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;
const storm = await runStorm();
const outcome: Outcome = {
  startMs,
  reports,
  taken: takenQuietly,
  heard: quiet.heardCount,
  toldMs: quiet.toldMs,
  heardMs: quiet.heardMs,
  pulls: quiet.pulls,
  failures: [...failures].slice(0, 10),
  cpuSeconds,
  ...storm,
};
console.log(JSON.stringify(outcome));
process.exit(0);

async function hostOf(index: number): Promise<SimulatedHost> {
  const name = `host${index}`;
  const engine = engineOf(name);
  const tell = (text: string) => {
    if (/is not told|gives no/.test(text)) failures.add(text.replace(/host\d+/g, 'HOST'));
  };
  const queue = await ShareQueue.open({ path: null, identity: engine.identity, now: Date.now(), tell });
  const exchange = new Exchange({
    engine,
    queue,
    wallNow: Date.now,
    pullIntervalMs: () => (engine.pullsLive ? 0 : plan.pullIntervalMs),
    most: () => 1_000_000,
    isListed: () => false,
    apply: async ({ decisions }) => {
      for (const { target } of decisions) {
        const at = reportedAt.get(target);
        if (at === undefined) continue;
        heardCount++;
        heard.add(performance.now() - at);
      }
    },
    endedEarly: () => undefined,
    tell,
    random: Math.random,
  });
  return { exchange, queue };
}

function engineOf(name: string): ShareEngine {
  const { url, folder, user } = plan;
  const roles = { pushes: true, pulls: true, wallNow: Date.now, host: name, version: 'bench' };
  const none = { password: null, apiKey: null, cert: null, certKey: null, ca: null };
  if (plan.engine === 'crowdsec') {
    const files = { ...none, password: `${folder}/${name}.password`, apiKey: `${folder}/${name}.key` };
    return new CrowdsecEngine({ url, machine: name, files, ...roles });
  }
  const files = { ...none, password: `${folder}/redis.password` };
  const parts = { url, user, stream: 'portsentry', files, keyFile: `${folder}/share.key`, ...roles };
  // Without a thread for each: hundreds of them would not fit into the memory of this machine.
  const client = new RedisClient(setupOf(parts));
  return new RedisEngine(parts, {
    ask: (request, terms) => client.carryOut(request, terms),
    close: () => undefined,
  });
}

function tick(turn: number): void {
  const now = performance.now();
  for (let index = turn % 10; index < hosts.length; index += 10) hosts[index]?.exchange.tick(now);
  for (const [target, queue] of waiting)
    if (queue.hasSaid(target)) {
      waiting.delete(target);
      told.add(now - (reportedAt.get(target) as number));
    }
}

function report({ queue }: SimulatedHost): void {
  const number = ++sequence;
  const target = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  reportedAt.set(target, performance.now());
  waiting.set(target, queue);
  const now = Date.now();
  queue.report({ ...REPORT, target, since: now, until: now + HOUR_MS });
}

/** Goes on until all that was said is known to all, or no longer than the rest of time. */
async function settle(): Promise<void> {
  const last = performance.now() + REST_MS;
  const all = () => sequence * (plan.hosts - 1);
  for (let turn = 0; performance.now() < last && (waiting.size > 0 || heardCount < all()); turn++) {
    tick(turn);
    await delay(100);
  }
}

async function runStorm(): Promise<Pick<Outcome, 'stormTakenMs' | 'stormHeardMs'>> {
  if (plan.storm === 0) return { stormTakenMs: null, stormHeardMs: null };
  const start = performance.now();
  const before = heardCount;
  for (const host of hosts) for (let count = 0; count < plan.storm; count++) report(host);
  const all = plan.storm * plan.hosts * (plan.hosts - 1);
  let takenMs: number | null = null;
  let heardMs: number | null = null;
  for (let turn = 0; performance.now() < start + REST_MS && heardMs === null; turn++) {
    tick(turn);
    await delay(100);
    const ms = performance.now() - start;
    if (takenMs === null && waiting.size === 0) takenMs = ms;
    if (heardCount - before >= all) heardMs = ms;
  }
  return { stormTakenMs: takenMs, stormHeardMs: heardMs };
}

function sum(of: (host: SimulatedHost) => number): number {
  return hosts.reduce((total, host) => total + of(host), 0);
}
