import { answersDuring } from './answers.ts';
import { heldBy } from './held.ts';
import type { Lab } from './lab.ts';
import type { RunOptions } from './lab-host.ts';
import type { LabProcess } from './lab-process.ts';
import { comeFrom } from './matrix.ts';
import { startService } from './services.ts';

/** The ports of the services that the victim has for all, and one that is watched and idle. */
export const TCP_SERVICE = 80;
export const UDP_SERVICE = 7;
const IDLE_PORT = 3_000;

/** Starts the services of the trials on the victim. */
export async function startServices(lab: Lab): Promise<void> {
  await startService(lab, lab.victim, 'http', TCP_SERVICE);
  await startService(lab, lab.victim, 'udp-echo', UDP_SERVICE);
}

/** Tries the kernel sensor on the victim, each time from addresses that have sent nothing before. */
export class Trials {
  readonly #lab: Lab;
  readonly #options: RunOptions;
  #sources = 0;
  /** The first scanner of the detector that runs. */
  #first = '';

  /** `options` may name another nft than the host's own. */
  constructor(lab: Lab, options: RunOptions = {}) {
    this.#lab = lab;
    this.#options = options;
  }

  /**
   * Resolves to what was seen, for one look at all of it: what an honest client got of the services, what scanners got of
   * idle ports and then of a service, and whether the client was held or accused.
   */
  async run(detector: LabProcess): Promise<TrialResult> {
    const client = await this.#newSource();
    const served = await this.#isServed();
    const echoed = await this.#isEchoed();
    const held = await heldBy(this.#lab, this.#lab.victim, this.#options);
    const answers: number[] = [];
    let scannerServed = false;
    for (const scan of ['-sS', '-sU']) {
      const scanner = await this.#newSource();
      answers.push(await this.#answersTo(scan));
      await detector.waitForLine(
        new RegExp(`^attackalert: Host ${scanner.replaceAll('.', '\\.')} has been blocked`),
      );
      scannerServed ||= await this.#isServed();
      this.#first ||= scanner;
    }
    const accused = detector
      .lines()
      .filter((line) => line.startsWith('attackalert:') && line.includes(` ${client}`));
    return { served, echoed, clientHeld: held.includes(client), answers, scannerServed, accused };
  }

  /** Whether the first scanner of all is shut out from a service. */
  async isFirstShut(): Promise<boolean> {
    await comeFrom(this.#lab, this.#first, 'fd99::999');
    return !(await this.#isServed());
  }

  /** The next detector blocks nobody yet. */
  forget(): void {
    this.#first = '';
  }

  /** How many answers a scan of ten idle ports gets. */
  #answersTo(scan: string): Promise<number> {
    const { scanner, wire } = this.#lab;
    const ports = ['-p', `${IDLE_PORT}-${IDLE_PORT + 9}`];
    const command = ['nmap', '-n', '-Pn', '--max-retries', '0', scan, ...ports, wire.to.ipv4];
    return answersDuring(this.#lab, () => this.#lab.run(scanner, command));
  }

  /** Whether the service over TCP takes a connection of the scanner. One second is a SYN and its retransmission. */
  async #isServed(): Promise<boolean> {
    const { scanner, wire } = this.#lab;
    const command = ['nc', '-z', '-w', '1', wire.to.ipv4, `${TCP_SERVICE}`];
    return (await this.#lab.run(scanner, command)).code === 0;
  }

  /** Whether the service over UDP answers a question. */
  async #isEchoed(): Promise<boolean> {
    const { scanner, wire } = this.#lab;
    const command = ['python3', '-c', ASKS, wire.to.ipv4, `${UDP_SERVICE}`];
    return (await this.#lab.run(scanner, command)).code === 0;
  }

  async #newSource(): Promise<string> {
    const number = ++this.#sources;
    const address = `10.99.0.${20 + number}`;
    await comeFrom(this.#lab, address, `fd99::${1_000 + number}`);
    return address;
  }
}

/** What one trial showed. */
export interface TrialResult {
  readonly served: boolean;
  readonly echoed: boolean;
  readonly clientHeld: boolean;
  /** To idle ports: -sS and -sU. */
  readonly answers: readonly number[];
  readonly scannerServed: boolean;
  readonly accused: readonly string[];
}

/** What every trial must show: the client is served, and the scanner gets nothing. */
export const AS_IT_SHOULD: TrialResult = {
  served: true,
  echoed: true,
  clientHeld: false,
  answers: [0, 0],
  scannerServed: false,
  accused: [],
};

const ASKS = `
import socket, sys
client = socket.socket(type=socket.SOCK_DGRAM)
client.settimeout(5)
for attempt in range(3):
    client.sendto(b'question', (sys.argv[1], int(sys.argv[2])))
    try:
        sys.exit(client.recv(100) != b'question')
    except TimeoutError:
        pass
sys.exit(1)
`;
