import { fileURLToPath } from 'node:url';
import type { Lab, Link } from './lab.ts';
import type { Host } from './lab-host.ts';
import type { LabProcess } from './lab-process.ts';

/** The services that can be started. Each listens on IPv4 and IPv6, `ftp` on IPv4 only. */
export type ServiceName = 'tcp-echo' | 'udp-echo' | 'http' | 'dns' | 'ntp' | 'ftp';

/**
 * Starts a service on a host and waits until it listens. The first four take a port, `dns` also a delay in ms
 * (with Infinity it waits for a line of input); `ntp` (port 123) and `ftp` (port 21) take no number. `http` has `/` and `/long`.
 */
export async function startService(
  lab: Lab,
  host: Host,
  name: ServiceName,
  ...numbers: number[]
): Promise<LabProcess> {
  const role = numbers.length === 0 ? ['serve'] : numbers.map(String);
  return listening(await lab.start(host, [process.execPath, support(`services/${name}.mjs`), ...role]));
}

/** Starts a syslog daemon on a host. Each message to /dev/log is a line of its output, `<PRI>` included. */
export async function startSyslog(lab: Lab, host: Host): Promise<LabProcess> {
  return listening(await lab.start(host, ['python3', support('services/syslog.py')]));
}

/** Starts a service manager that listens at `path`, for NOTIFY_SOCKET. Each message is a line `PID VAR=VALUE|VAR=VALUE`. */
export async function startManager(lab: Lab, host: Host, path: string): Promise<LabProcess> {
  return listening(await lab.start(host, ['python3', support('services/notify.py'), path]));
}

/** The command of a client: `ntp` asks a server once, `ftp` fetches a file over active data connections. */
export function clientCommand(name: 'ntp' | 'ftp', server: string, ownAddress: string): string[] {
  const task = name === 'ntp' ? 'ask' : 'fetch';
  return [process.execPath, support(`services/${name}.mjs`), task, server, ownAddress];
}

/** Sends whole Ethernet frames, unchanged, from an interface of a host. */
export async function sendFrames(
  lab: Lab,
  host: Host,
  frames: readonly Uint8Array[],
  networkInterface = 'eth0',
): Promise<void> {
  const input = frames.map((frame) => `${Buffer.from(frame).toString('hex')}\n`).join('');
  const { code, stderr } = await lab.run(host, ['python3', support('send-frames.py'), networkInterface], {
    input,
  });
  if (code !== 0) throw new Error(`frames were not sent: ${stderr}`);
}

/**
 * Starts a sender of frames. It waits for a line with an interface and frames in hexadecimal digits, and then sends them
 * again and again until it is stopped.
 */
export async function startKnocker(lab: Lab, host: Host): Promise<LabProcess> {
  const knocker = await lab.start(host, ['python3', support('knocker.py')]);
  await knocker.waitForLine(/^ready/);
  return knocker;
}

/**
 * Listens on `eth0` of a host for the first packet that the filter passes. Await `ended` of the process that it resolves
 * to: the packet is in its output.
 */
export async function startSniffer(lab: Lab, host: Host, filter: string): Promise<LabProcess> {
  const sniffer = await lab.start(host, ['tcpdump', '-Z', 'root', '-nlvi', 'eth0', '-c', '1', filter]);
  await sniffer.waitForLine(/listening on/);
  return sniffer;
}

/** The rate and the length of a flood. */
export interface FloodOptions {
  readonly perSecond: number;
  /** Infinity: until it is stopped. After three seconds the sources come again. */
  readonly seconds: number;
  /** Inclusive. The ports are taken in turn. */
  readonly ports?: readonly [first: number, last: number];
  /** Probes of each source, one after the other; 1 by default. */
  readonly probes?: number;
}

/**
 * Starts a flood of SYNs over a link to the host at its `to` end. Each SYN comes from a forged source of its own, from
 * 11.0.0.0 on. Resolves when the first frame goes out. The process ends by itself; its last line is
 * `sent N frames in S s`.
 */
export async function startFlood(lab: Lab, link: Link, options: FloodOptions): Promise<LabProcess> {
  const { from, to } = link;
  const numbers = [
    options.perSecond,
    options.seconds,
    ...(options.ports ?? [1, 1000]),
    options.probes ?? 1,
  ].map(String);
  const command = ['python3', support('flood.py'), from.interface, from.mac, to.mac, to.ipv4, ...numbers];
  const flood = await lab.start(from.host, command);
  await flood.waitForLine(/^ready/);
  return flood;
}

async function listening(service: LabProcess): Promise<LabProcess> {
  await service.waitForLine(/^listening/);
  return service;
}

function support(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
