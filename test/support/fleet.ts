import { configure, PROGRAM, startDetector, writeFile } from './detector.ts';
import { createLab, type Lab, type Link } from './lab.ts';
import type { Host } from './lab-host.ts';
import type { LabProcess } from './lab-process.ts';
import { comeFrom } from './matrix.ts';
import { startService } from './services.ts';

/** A port with a service on the second and the third host. */
const SERVICE = 8_080;

/** The ports that are watched on all hosts. */
export const PORTS = ['3000', '3001', '3002', '3003'];

/** The names of the hosts. */
export const NAMES = ['one', 'two', 'three'] as const;

/** An engine that the hosts of a fleet share. */
export interface FleetEngine {
  /** The list that holds its decisions. */
  readonly list: string;
  stop(): Promise<void>;
  resume(): Promise<void>;
  /** How often it was told of a block of this target. */
  timesTold(target: string): Promise<number>;
  /** The files by which a host uses it, and the lines for its configuration; `address` is the engine's. */
  settings(
    name: string,
    address: string,
  ): { readonly files: Readonly<Record<string, string>>; readonly lines: string };
}

/** A host that runs portsentry. */
export interface Member {
  readonly name: string;
  readonly host: Host;
  /** The cable from the engine. */
  readonly wire: Link;
}

/** Three hosts that share what they know, an engine on a fourth, and a scanner that reaches the three from one address. */
export class Fleet {
  readonly lab: Lab;
  readonly engine: FleetEngine;
  readonly members: readonly [Member, Member, Member];
  readonly #running: LabProcess[] = [];
  #scanners = 0;

  private constructor(lab: Lab, engine: FleetEngine, members: Fleet['members']) {
    this.lab = lab;
    this.engine = engine;
    this.members = members;
  }

  /** Sets it up; `start` starts the engine on its host. */
  static async create(name: string, start: (host: Host) => Promise<FleetEngine>): Promise<Fleet> {
    const lab = await createLab({ name });
    try {
      const central = await lab.host('engine');
      const others = [await lab.host('two'), await lab.host('three')];
      const members: Member[] = [];
      for (const [index, host] of [lab.victim, ...others].entries())
        members.push({ name: NAMES[index] as string, host, wire: await lab.link(central, host) });
      for (const host of others) {
        const { to } = await lab.link(lab.scanner, host);
        await lab.run(host, ['ip', 'route', 'add', '10.99.0.0/24', 'dev', to.interface]);
        await startService(lab, host, 'http', SERVICE);
      }
      return new Fleet(lab, await start(central), members as unknown as Fleet['members']);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Gives the scanner a new address, because the engine remembers. */
  async newScanner(): Promise<string> {
    const address = `10.99.0.${++this.#scanners + 100}`;
    await comeFrom(this.lab, address, `fd99::${this.#scanners + 100}`);
    return address;
  }

  /** Starts portsentry on a member. `more` goes into its configuration. */
  async start(member: Member, more = '', args = ['-tcp']): Promise<LabProcess> {
    const { host, name, wire } = member;
    const { files, lines } = this.engine.settings(name, wire.from.ipv4);
    for (const [path, text] of Object.entries(files)) {
      writeFile(host, path, text);
      await this.lab.run(host, ['chmod', '600', path]);
    }
    configure(
      host,
      `${more}\nTCP_PORTS="${PORTS.join(',')}"\nBLOCK_METHOD="nftables"\nAUTO_IGNORE="0"\n${lines}`,
    );
    return this.startAgain(member, args);
  }

  /** Starts it as it is configured. */
  async startAgain({ host }: Member, args = ['-tcp']): Promise<LabProcess> {
    const detector = await startDetector(this.lab, host, args);
    this.#running.push(detector);
    return detector;
  }

  /** Starts all three. */
  async startAll(): Promise<readonly [LabProcess, LabProcess, LabProcess]> {
    const [one, two, three] = this.members;
    return Promise.all([this.start(one), this.start(two), this.start(three)]);
  }

  /** Another program that ends with the test. */
  endsWithTest(started: LabProcess): void {
    this.#running.push(started);
  }

  /** Ends what a test has started, and makes the engine available. */
  async endTest(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((each) => each.stop()));
    await this.engine.resume();
  }

  /** What a command of portsentry prints on a member. */
  async ask({ host }: Member, ...words: string[]): Promise<string> {
    const { stdout, stderr } = await this.lab.run(host, [process.execPath, PROGRAM, ...words]);
    return `${stdout}${stderr}`;
  }

  /** Whether the scanner reaches the service of another member than the first, from this address. */
  async reaches({ host }: Member, scanner: string): Promise<boolean> {
    const { stdout } = await this.lab.run(host, ['ip', '-4', '-o', 'address', 'show', 'eth1']);
    const address = /inet ([\d.]+)/.exec(stdout)?.[1] as string;
    const url = `http://${address}:${SERVICE}/`;
    const command = ['curl', '--silent', '--max-time', '1', '--interface', scanner, url];
    return (await this.lab.run(this.lab.scanner, command)).code === 0;
  }

  /** The targets of the engine's list that a member keeps. */
  async listOf(member: Member): Promise<string[]> {
    const text = await this.ask(member, 'list', '--list', this.engine.list, '--json');
    return text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => (JSON.parse(line) as { target: string }).target);
  }

  /** Connects to the watched ports of the first member. */
  scan(): Promise<unknown> {
    const { lab } = this;
    return lab.run(lab.scanner, ['nmap', '-n', '-Pn', '-sT', '-p', PORTS.join(','), lab.wire.to.ipv4]);
  }
}
