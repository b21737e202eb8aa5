import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ENGINE_FOLDER, EngineServer } from './engine-server.ts';
import type { Host } from './lab-host.ts';

const CONFIG = `${ENGINE_FOLDER}/config.yaml`;

const SQLITE = `type: sqlite, db_path: ${ENGINE_FOLDER}/crowdsec.db, use_wal: true`;

/** The port of the local API. */
export const LAPI_PORT = 8_080;

/** Files of the local API's certificate, in the folder of the engine. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** What an engine is set up with. */
export interface EngineSetup {
  /** Names of machines; the password of each is `NAME-password`. */
  readonly machines?: readonly string[];
  /** Names of bouncers; the key of each is `NAME-key`. */
  readonly bouncers?: readonly string[];
  readonly tls?: TlsFiles;
  /** Its database, in the words of its configuration; by default a file of sqlite. */
  readonly database?: string;
}

/** The real CrowdSec, without its agent, in a host of the lab. */
export class Crowdsec extends EngineServer {
  protected readonly command = ['crowdsec', '-c', CONFIG, '-no-cs'];

  /** Sets an engine up and starts it. */
  static async start(
    host: Host,
    { machines = [], bouncers = [], tls, database = SQLITE }: EngineSetup,
  ): Promise<Crowdsec> {
    for (const [path, text] of Object.entries(filesFor(tls, database))) {
      mkdirSync(dirname(host.path(path)), { recursive: true });
      writeFileSync(host.path(path), text, { mode: 0o600 });
    }
    const engine = new Crowdsec(host);
    await engine.cscli('machines', 'add', 'local', '-p', 'local', '-f', `${ENGINE_FOLDER}/written.yaml`);
    for (const name of machines)
      await engine.cscli(
        'machines',
        'add',
        name,
        '-p',
        `${name}-password`,
        '-f',
        `${ENGINE_FOLDER}/written.yaml`,
      );
    for (const name of bouncers) await engine.cscli('bouncers', 'add', name, '-k', `${name}-key`);
    await engine.resume();
    return engine;
  }

  /** Runs its program for administrators; resolves to what it printed. */
  async cscli(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.host.run(['cscli', '-c', CONFIG, ...args]);
    if (code !== 0) throw new Error(`cscli ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  /** The alerts on this address. */
  async alertsOn(address: string): Promise<readonly Alert[]> {
    const login = { machine_id: 'local', password: 'local', scenarios: [] };
    const { token } = (await this.#ask('watchers/login', '-d', JSON.stringify(login))) as { token: string };
    const alerts = await this.#ask(
      `alerts?scope=Ip&value=${address}`,
      '-H',
      `Authorization: Bearer ${token}`,
    );
    return (alerts as Alert[] | null) ?? [];
  }

  async #ask(path: string, ...options: string[]): Promise<unknown> {
    const url = `http://127.0.0.1:${LAPI_PORT}/v1/${path}`;
    const { stdout } = await this.host.run(['curl', '--silent', '-A', 'test/1', ...options, url]);
    return JSON.parse(stdout);
  }

  protected async isReady(): Promise<boolean> {
    const { stdout } = await this.host.run(['ss', '-Hltn', `sport = :${LAPI_PORT}`]);
    return stdout !== '';
  }
}

/** An alert as the local API gives it. */
export interface Alert {
  readonly id: number;
  readonly machine_id: string;
  readonly message: string;
  readonly scenario: string;
  readonly source: { readonly value: string };
  readonly decisions:
    | readonly {
        readonly id: number;
        readonly value: string;
        readonly origin: string;
        readonly duration: string;
      }[]
    | null;
}

function filesFor(tls: TlsFiles | undefined, database: string): Record<string, string> {
  const certificates =
    tls === undefined
      ? ''
      : `
    tls:
      cert_file: ${ENGINE_FOLDER}/${tls.cert}
      key_file: ${ENGINE_FOLDER}/${tls.key}
      ca_cert_path: ${ENGINE_FOLDER}/${tls.ca}
      client_verification: VerifyClientCertIfGiven
      agents_allowed_ou: [agent-ou]
      bouncers_allowed_ou: [bouncer-ou]`;
  return {
    [CONFIG]: `
common: {daemonize: false, log_media: stdout, log_level: info, log_dir: ${ENGINE_FOLDER}, working_dir: ${ENGINE_FOLDER}}
config_paths:
  config_dir: ${ENGINE_FOLDER}
  data_dir: ${ENGINE_FOLDER}
  simulation_path: ${ENGINE_FOLDER}/simulation.yaml
  hub_dir: ${ENGINE_FOLDER}
  index_path: ${ENGINE_FOLDER}/.index.json
  notification_dir: ${ENGINE_FOLDER}/notifications
cscli: {output: human}
db_config: {${database}, flush: {max_items: 50000, max_age: 7d}}
api:
  client: {credentials_path: ${ENGINE_FOLDER}/client.yaml}
  server:
    listen_uri: 0.0.0.0:${LAPI_PORT}
    profiles_path: ${ENGINE_FOLDER}/profiles.yaml
    log_level: info${certificates}
prometheus: {enabled: false}
`,
    [`${ENGINE_FOLDER}/profiles.yaml`]:
      'name: none\nfilters: ["false"]\ndecisions: [{type: ban, duration: 4h}]\non_success: break\n',
    [`${ENGINE_FOLDER}/simulation.yaml`]: '',
    [`${ENGINE_FOLDER}/.index.json`]: '{}',
    [`${ENGINE_FOLDER}/client.yaml`]: `url: http://127.0.0.1:${LAPI_PORT}\nlogin: local\npassword: local\n`,
  };
}
