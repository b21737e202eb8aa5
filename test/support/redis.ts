import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from './lab-host.ts';
import { type LabProcess, WAIT_LIMIT_MS } from './lab-process.ts';

/** Where a server keeps everything, on a file system of its host's own. */
export const REDIS_FOLDER = '/run/engine';
const CONFIG = `${REDIS_FOLDER}/redis.conf`;

export const REDIS_PORT = 6_379;

/** The user that the manual page describes, and its password. */
export const REDIS_USER = { name: 'portsentry', password: 'user-password' } as const;

/** Files of the server's certificate, in its folder. */
export interface RedisTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The real Redis, in a host of the lab. */
export class Redis {
  readonly host: Host;
  readonly #tls: RedisTls | undefined;
  #process: LabProcess | null = null;

  private constructor(host: Host, tls: RedisTls | undefined) {
    this.host = host;
    this.#tls = tls;
  }

  /** Sets a server up and starts it. */
  static async start(host: Host, tls?: RedisTls): Promise<Redis> {
    const path = host.path(CONFIG);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, configFor(tls), { mode: 0o600 });
    const redis = new Redis(host, tls);
    await redis.resume();
    return redis;
  }

  /** Starts it, again after `stop`, with what it had. */
  async resume(): Promise<void> {
    if (this.#process !== null) return;
    // Debian's package of the server is a link to this program and a service; the program looks at its name.
    const command = ['bash', '-c', `exec -a redis-server redis-check-rdb ${CONFIG}`];
    this.#process = await this.host.start(command, { cwd: REDIS_FOLDER });
    const deadline = Date.now() + WAIT_LIMIT_MS;
    while ((await this.host.run(this.#command('PING'))).stdout !== 'PONG\n') {
      if (Date.now() > deadline || this.#process.outcome !== null)
        throw new Error(`redis-server does not answer: ${this.#process.output}`);
      await delay(50);
    }
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.ended;
    this.#process = null;
  }

  /** Its process while it runs. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** What a command of an administrator prints. */
  async ask(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.host.run(this.#command(...words));
    if (code !== 0) throw new Error(`redis-cli ${words.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  /** The messages that tell of a block of this target. */
  async blocksOf(target: string): Promise<readonly string[]> {
    const lines = (await this.ask('XRANGE', 'portsentry', '-', '+')).split('\n');
    return lines.filter((line) => line.includes('"op":"block"') && line.includes(`"target":"${target}"`));
  }

  #command(...words: string[]): string[] {
    const { ca = '' } = this.#tls ?? {};
    const tls = ca === '' ? [] : ['--tls', '--cacert', `${REDIS_FOLDER}/${ca}`];
    return ['redis-cli', '--user', 'admin', '--pass', 'admin', '--no-auth-warning', ...tls, ...words];
  }
}

function configFor(tls: RedisTls | undefined): string {
  const { name, password } = REDIS_USER;
  const listening =
    tls === undefined
      ? `port ${REDIS_PORT}`
      : `port 0
tls-port ${REDIS_PORT}
tls-cert-file ${REDIS_FOLDER}/${tls.cert}
tls-key-file ${REDIS_FOLDER}/${tls.key}
tls-ca-cert-file ${REDIS_FOLDER}/${tls.ca}
tls-auth-clients optional`;
  return `bind * -::*
${listening}
dir ${REDIS_FOLDER}
appendonly yes
appendfsync always
user default off
user ${name} on >${password} ~portsentry +xadd +xread
user admin on >admin ~* &* +@all
`;
}
