import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ENGINE_FOLDER, EngineServer } from './engine-server.ts';
import type { Host } from './lab-host.ts';

const CONFIG = `${ENGINE_FOLDER}/redis.conf`;

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
export class Redis extends EngineServer {
  // Debian's package of the server is a link to this program and a service; the program looks at its name.
  protected readonly command = ['bash', '-c', `exec -a redis-server redis-check-rdb ${CONFIG}`];
  readonly #tls: RedisTls | undefined;

  private constructor(host: Host, tls: RedisTls | undefined) {
    super(host);
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

  protected async isReady(): Promise<boolean> {
    return (await this.host.run(this.#asking('PING'))).stdout === 'PONG\n';
  }

  /** What a command of an administrator prints. */
  async ask(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.host.run(this.#asking(...words));
    if (code !== 0) throw new Error(`redis-cli ${words.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  /** The messages that tell of a block of this target. */
  async blocksOf(target: string): Promise<readonly string[]> {
    const lines = (await this.ask('XRANGE', 'portsentry', '-', '+')).split('\n');
    return lines.filter((line) => line.includes('"op":"block"') && line.includes(`"target":"${target}"`));
  }

  #asking(...words: string[]): string[] {
    const { ca = '' } = this.#tls ?? {};
    const tls = ca === '' ? [] : ['--tls', '--cacert', `${ENGINE_FOLDER}/${ca}`];
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
tls-cert-file ${ENGINE_FOLDER}/${tls.cert}
tls-key-file ${ENGINE_FOLDER}/${tls.key}
tls-ca-cert-file ${ENGINE_FOLDER}/${tls.ca}
tls-auth-clients optional`;
  return `bind * -::*
${listening}
dir ${ENGINE_FOLDER}
appendonly yes
appendfsync always
user default off
user ${name} on >${password} ~portsentry +xadd +xread
user admin on >admin ~* &* +@all
`;
}
