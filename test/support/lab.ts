import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Host, type RunOptions } from './lab-host.ts';
import { type LabProcess, type Outcome, WAIT_LIMIT_MS } from './lab-process.ts';

/** The name of a lab. */
export interface LabOptions {
  /** Part of the holders' names in the list of processes. */
  readonly name: string;
}

/** What a link has beside its two ends. */
export interface LinkOptions {
  /** How many more addresses of either family the first host gets, from 10.99.N.11 and fd99:N::11. */
  readonly extraAddresses?: number;
}

/** One end of a link. */
export interface LinkEnd {
  readonly host: Host;
  readonly interface: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly extraIpv4: readonly string[];
  readonly extraIpv6: readonly string[];
}

/** A cable between two hosts. The addresses of `from` end in 1, those of `to` in 2. */
export interface Link {
  readonly from: LinkEnd;
  readonly to: LinkEnd;
}

/** Index of the first end of the first link. The loopback device has 1; devices that a test makes come after it. */
const FIRST_INDEX = 10;

let labs = 0;

/**
 * Makes two hosts joined by a cable, `eth0` on both: `scanner` with 10.99.0.1 and fd99:0::1, `victim` with 10.99.0.2 and
 * fd99:0::2. Needs root. Close the lab in `afterEach` or `finally`. Nothing outlives the test process.
 */
export async function createLab({ name }: LabOptions, link: LinkOptions = {}): Promise<Lab> {
  labs += 1;
  const title = `ps-${process.pid}-${labs}-${name}`;
  const made = await Promise.allSettled(['scanner', 'victim'].map((host) => makeHost(title, host)));
  const hosts = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    for (const result of made) if (result.status === 'rejected') throw result.reason;
    const [scanner, victim] = hosts as [Host, Host];
    const lab = new Lab(title, scanner, victim);
    lab.wire = await lab.link(scanner, victim, link);
    return lab;
  } catch (error) {
    await closeAll(hosts);
    throw error;
  }
}

/** Hosts that are network namespaces, and the cables between them. */
export class Lab {
  readonly scanner: Host;
  readonly victim: Host;
  /** The cable from the scanner to the victim. */
  wire!: Link;
  readonly #title: string;
  readonly #hosts: Host[];
  readonly #interfaces = new Map<Host, number>();
  #links = 0;

  constructor(title: string, scanner: Host, victim: Host) {
    this.#title = title;
    this.scanner = scanner;
    this.victim = victim;
    this.#hosts = [scanner, victim];
  }

  /** Makes one more host. It has only a loopback interface until it is linked. */
  async host(name: string): Promise<Host> {
    const host = await makeHost(this.#title, name);
    this.#hosts.push(host);
    return host;
  }

  /**
   * Joins two hosts by a veth pair. The Nth pair (from 0) has 10.99.N.0/24 and fd99:N::/64, N in decimal digits; `from` has
   * the first address, `to` the second. Each host's interfaces are `eth0`, `eth1` and so on, in the order of linking.
   */
  async link(from: Host, to: Host, options: LinkOptions = {}): Promise<Link> {
    const number = this.#links++;
    const link = {
      from: this.#end(from, number, 1, options.extraAddresses ?? 0),
      to: this.#end(to, number, 2, 0),
    };
    const { from: near, to: far } = link;
    // Two fresh hosts would give both ends the same index. The kernel takes those for one device (net/core/link_watch.c),
    // and needs up to a second to find the cable.
    const index = FIRST_INDEX + 2 * number;
    ip(
      from,
      `link add ${near.interface} index ${index} address ${near.mac} type veth ` +
        `peer name ${far.interface} index ${index + 1} address ${far.mac} netns ${to.holder}`,
    );
    for (const end of [near, far]) {
      const ipv4 = [end.ipv4, ...end.extraIpv4].map((address) => `address add ${address}/24`);
      const ipv6 = [end.ipv6, ...end.extraIpv6].map((address) => `address add ${address}/64 nodad`);
      ip(end.host, ...[...ipv4, ...ipv6, 'link set up'].map((line) => `${line} dev ${end.interface}`));
    }
    // Frames sent before the kernel has found the cable are lost.
    await this.waitFor(() => [near, far].every(isUp));
    return link;
  }

  /** Runs a program on a host to its end. Rejects when it takes longer than `timeout` ms (a minute). */
  run(host: Host, command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return host.run(command, options);
  }

  /** Starts a program on a host. Resolves when it is there or has already ended. */
  start(host: Host, command: readonly string[], options: RunOptions = {}): Promise<LabProcess> {
    return host.start(command, options);
  }

  /** Repeats the question until the answer is not false, null or undefined, and resolves to it. Rejects after `ms`. */
  async waitFor<T>(condition: () => T | Promise<T>, ms = WAIT_LIMIT_MS): Promise<Truthy<T>> {
    const deadline = Date.now() + ms;
    for (;;) {
      const answer = await condition();
      if (answer !== false && answer !== null && answer !== undefined) return answer as Truthy<T>;
      if (Date.now() >= deadline) throw new Error(`not so after ${ms} ms: ${condition}`);
      await delay(20);
    }
  }

  /** Ends all programs and removes all hosts. May be called again. */
  async close(): Promise<void> {
    await closeAll(this.#hosts);
  }

  #end(host: Host, link: number, position: number, extra: number): LinkEnd {
    const index = this.#interfaces.get(host) ?? 0;
    this.#interfaces.set(host, index + 1);
    const more = Array.from({ length: extra }, (_, i) => 11 + i);
    return {
      host,
      interface: `eth${index}`,
      // 02: locally administered (IEEE 802).
      mac: `02:99:00:00:${hexOctet(link)}:${hexOctet(position)}`,
      ipv4: `10.99.${link}.${position}`,
      ipv6: `fd99:${link}::${position}`,
      extraIpv4: more.map((last) => `10.99.${link}.${last}`),
      extraIpv6: more.map((last) => `fd99:${link}::${last}`),
    };
  }
}

type Truthy<T> = Exclude<T, false | null | undefined>;

function makeHost(title: string, name: string): Promise<Host> {
  return Host.create(name, `${title}-${name}`);
}

async function closeAll(hosts: readonly Host[]): Promise<void> {
  await Promise.all(hosts.map((host) => host.close()));
}

/** Runs ip(8) commands in a host's network, but with the process numbers that the test sees. */
function ip(host: Host, ...lines: string[]): void {
  execFileSync('nsenter', ['--target', String(host.holder), '--net', 'ip', '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
  });
}

function isUp(end: LinkEnd): boolean {
  return readFileSync(end.host.path(`/sys/class/net/${end.interface}/operstate`), 'utf8') === 'up\n';
}

function hexOctet(value: number): string {
  return value.toString(16).padStart(2, '0');
}
