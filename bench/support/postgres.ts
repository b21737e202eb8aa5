import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../../test/support/lab.ts';
import type { Host } from '../../test/support/lab-host.ts';

const FOLDER = '/run/postgres';
const DATA = `${FOLDER}/data`;

/** Debian puts each version into a folder of its own. */
const VERSIONS = '/usr/lib/postgresql';

/** A server in a host of the lab. */
export interface Postgres {
  /** How CrowdSec's configuration names it. */
  readonly database: string;
  /** Its processes. */
  pids(): readonly number[];
  /** Runs statements of SQL. */
  psql(host: Host, sql: string): Promise<void>;
}

/** Starts Debian's PostgreSQL in a host, with a database and a user that are called crowdsec. */
export async function postgresIn(lab: Lab, host: Host): Promise<Postgres> {
  const [version] = readdirSync(VERSIONS);
  const bin = `${VERSIONS}/${version}/bin`;
  const owner = readFileSync('/etc/passwd', 'latin1').match(/^postgres:[^:]*:(\d+):(\d+):/m);
  if (owner === null) throw new Error('no user postgres: apt-get install postgresql');
  mkdirSync(host.path(FOLDER), { recursive: true });
  chownSync(host.path(FOLDER), Number(owner[1]), Number(owner[2]));
  const as = ['setpriv', `--reuid=${owner[1]}`, `--regid=${owner[2]}`, '--clear-groups'];
  const must = async (...command: string[]) => {
    const { code, stdout, stderr } = await host.run([...as, ...command]);
    if (code !== 0) throw new Error(`${command.join(' ')}: ${stdout}${stderr}`);
  };
  await must(`${bin}/initdb`, '--auth=trust', '--no-sync', '-D', DATA);
  const server = await lab.start(host, [
    ...as,
    `${bin}/postgres`,
    '-D',
    DATA,
    '-k',
    FOLDER,
    '-h',
    '127.0.0.1',
  ]);
  while ((await host.run([`${bin}/pg_isready`, '-h', '127.0.0.1'])).code !== 0) {
    if (server.outcome !== null) throw new Error(`postgres does not start: ${server.output}`);
    await delay(100);
  }
  await must(`${bin}/createuser`, '-h', '127.0.0.1', 'crowdsec');
  await must(`${bin}/createdb`, '-h', '127.0.0.1', '--owner=crowdsec', 'crowdsec');
  return {
    // The server takes 100 connections by default, and CrowdSec would open as many and more.
    database:
      'type: postgresql, user: crowdsec, password: none, db_name: crowdsec, host: 127.0.0.1, port: 5432, sslmode: disable, max_open_conns: 50',
    pids: () => [server.pid, ...childrenOf(server.pid)],
    psql: async (on, sql) => {
      const file = `${FOLDER}/statements.sql`;
      writeFileSync(on.path(file), sql, { mode: 0o644 });
      await must(
        `${bin}/psql`,
        '--quiet',
        '-v',
        'ON_ERROR_STOP=1',
        '-h',
        '127.0.0.1',
        '-U',
        'crowdsec',
        '-f',
        file,
      );
    },
  };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
