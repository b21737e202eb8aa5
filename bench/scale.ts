/**
 * Measures what many hosts cost the engine that they share: hundreds of simulated hosts for ten minutes against the real
 * CrowdSec (sqlite, or PostgreSQL) and the real Redis, then a storm in which all of them report at once. Arguments: engines, by
 * default crowdsec and redis (crowdsec-postgresql needs Debian's postgresql); HOSTS, SECONDS, REPORTS_PER_HOUR, STORM and
 * INTERVAL_S in the environment. In network namespaces; needs root.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Crowdsec, LAPI_PORT } from '../test/support/crowdsec.ts';
import { ENGINE_FOLDER } from '../test/support/engine-server.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import type { Host } from '../test/support/lab-host.ts';
import { REDIS_PORT, REDIS_USER, Redis } from '../test/support/redis.ts';
import { EngineLoad } from './support/engine-load.ts';
import { postgresIn } from './support/postgres.ts';
import type { Outcome, Plan } from './support/simulated-hosts.ts';

const HOSTS = Number(process.env.HOSTS ?? 500);
const SECONDS = Number(process.env.SECONDS ?? 600);
const REPORTS_PER_HOUR = Number(process.env.REPORTS_PER_HOUR ?? 12);
const STORM = Number(process.env.STORM ?? 5);
const INTERVAL_S = Number(process.env.INTERVAL_S ?? 10);

const NAMES = Array.from({ length: HOSTS }, (_, index) => `host${index}`);

/** An engine under load. */
interface Loaded {
  readonly plan: Pick<Plan, 'engine' | 'url' | 'user'>;
  /** Its processes. */
  readonly pids: () => readonly number[];
}

const engines = process.argv.slice(2);
for (const name of engines.length === 0 ? ['crowdsec', 'redis'] : engines) await measure(name);

async function measure(name: string): Promise<void> {
  const lab = await createLab({ name: 'scale' });
  try {
    const engine = await startEngine(name, lab);
    const folder = '/run/hosts';
    mkdirSync(lab.scanner.path(folder), { recursive: true });
    for (const [file, text] of Object.entries(secrets()))
      writeFileSync(lab.scanner.path(`${folder}/${file}`), `${text}\n`, { mode: 0o600 });
    const plan: Plan = {
      ...engine.plan,
      hosts: HOSTS,
      seconds: SECONDS,
      reportsPerHour: REPORTS_PER_HOUR,
      storm: STORM,
      pullIntervalMs: INTERVAL_S * 1_000,
      folder,
    };
    const load = new EngineLoad(engine.pids);
    const program = fileURLToPath(new URL('./support/simulated-hosts.js', import.meta.url));
    const hosts = await lab.start(lab.scanner, [process.execPath, program, JSON.stringify(plan)]);
    const watching = setInterval(() => load.look(), 1_000);
    await hosts.ended;
    clearInterval(watching);
    const line = hosts.lines().find((each) => each.startsWith('{'));
    if (line === undefined) throw new Error(`no outcome: ${hosts.output}`);
    tell(name, JSON.parse(line) as Outcome, load);
  } finally {
    await lab.close();
  }
}

async function startEngine(name: string, lab: Lab): Promise<Loaded> {
  const { victim, wire } = lab;
  const address = wire.to.ipv4;
  if (name === 'redis') {
    const redis = await Redis.start(victim);
    const plan = { engine: 'redis', url: `redis://${address}:${REDIS_PORT}`, user: REDIS_USER.name } as const;
    return { plan, pids: () => (redis.pid === null ? [] : [redis.pid]) };
  }
  const postgres = name === 'crowdsec-postgresql' ? await postgresIn(lab, victim) : null;
  const engine = await Crowdsec.start(victim, postgres === null ? {} : { database: postgres.database });
  await register(victim, postgres?.psql ?? sqlite);
  const plan = { engine: 'crowdsec', url: `http://${address}:${LAPI_PORT}`, user: null } as const;
  return { plan, pids: () => [...(engine.pid === null ? [] : [engine.pid]), ...(postgres?.pids() ?? [])] };
}

/** One password for all: to hash one takes as long as to check one, and hundreds would take minutes. */
async function register(host: Host, run: (host: Host, sql: string) => Promise<void>): Promise<void> {
  const machines = NAMES.map(
    (
      name,
    ) => `INSERT INTO machines (created_at, updated_at, machine_id, password, ip_address, is_validated, auth_type)
  SELECT created_at, updated_at, '${name}', password, ip_address, is_validated, auth_type FROM machines WHERE machine_id = 'local';`,
  );
  const bouncers = NAMES.map((name) => {
    const hash = createHash('sha512').update(`${name}-key`).digest('hex');
    return `INSERT INTO bouncers (created_at, updated_at, name, api_key, revoked, type, until, last_pull, auth_type)
  VALUES (CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, '${name}', '${hash}', false, '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 'api-key');`;
  });
  await run(host, ['BEGIN;', ...machines, ...bouncers, 'COMMIT;'].join('\n'));
}

async function sqlite(host: Host, sql: string): Promise<void> {
  writeFileSync(host.path(`${ENGINE_FOLDER}/hosts.sql`), sql);
  const script = `import sqlite3; db = sqlite3.connect('${ENGINE_FOLDER}/crowdsec.db', isolation_level=None); db.executescript(open('${ENGINE_FOLDER}/hosts.sql').read())`;
  const { code, stderr } = await host.run(['python3', '-c', script]);
  if (code !== 0) throw new Error(stderr);
}

function secrets(): Record<string, string> {
  const own = NAMES.flatMap((name) => [
    [`${name}.password`, 'local'],
    [`${name}.key`, `${name}-key`],
  ]);
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    'redis.password': REDIS_USER.password,
    'share.key': 'a key that all of the simulated hosts have',
  };
}

function tell(name: string, outcome: Outcome, load: EngineLoad): void {
  const { startMs, reports, taken, heard, toldMs, heardMs, pulls, cpuSeconds, stormTakenMs, stormHeardMs } =
    outcome;
  const seconds = (ms: number | null) => (ms === null ? 'not within 120 s' : `${(ms / 1_000).toFixed(1)} s`);
  const times = (values: readonly number[]) => values.map((ms) => `${(ms / 1_000).toFixed(2)} s`).join(', ');
  console.log(`${name}: ${HOSTS} hosts for ${SECONDS} s, each reports ${REPORTS_PER_HOUR} sources an hour${name === 'redis' ? '' : `, asks every ${INTERVAL_S} s`}
  ${reports} reports, ${taken} taken; ${heard} of ${reports * (HOSTS - 1)} times another host heard of one; ${pulls} answers with decisions
  all began at once, and had heard all that was known after ${seconds(startMs)}
  taken after (median, 95 %, most): ${times(toldMs)}; known to another host after: ${times(heardMs)}
  then ${STORM} sources of each host at once: taken after ${seconds(stormTakenMs)}, known to all after ${seconds(stormHeardMs)}
  the engine with the storm: ${load.cpuSeconds.toFixed(1)} s of processor time, ${Math.round(load.peakMiB)} MiB at most; the hosts without it: ${cpuSeconds.toFixed(1)} s
  failures: ${outcome.failures.join('; ') || 'none'}`);
}
