import { setTimeout as delay } from 'node:timers/promises';
import { ALL, ALL_BUT_LOOPBACK, ANY } from '../../capture/devices.ts';
import type { HealthCheck, Status, Why } from '../../control/status.ts';
import { askFor, type DaemonSocket } from '../ask.ts';
import { openLoopback } from './loopback.ts';
import type { ProbeOutcome, ProbePath, ProbePort } from './probe-path.ts';
import { openVeth } from './veth.ts';

/** The time limit until the daemon sees the probe. The daemon needs part of it to notice a new interface. */
const PROBE_TIMEOUT_MS = 3_000;

/** The probe is repeated, because probes that are sent before the daemon notices the interface are lost. */
const SEND_INTERVAL_MS = 200;

/** How often the daemon is queried. */
const POLL_INTERVAL_MS = 10;

/** How long the source of the probe is never blocked: longer than the test takes. */
const SPARE_TIME_MS = 30_000;

/** The time limit until the daemon stops capturing on a retired path. */
const RETIRE_TIMEOUT_MS = 3_000;

/**
 * Connects to a service of this host, then sends the daemon a probe and checks that it sees the probe and, with the kernel
 * sensor, that nothing came back. Ends early when it is aborted. Throws a CommandError when the daemon no longer answers.
 * Cleans up in every case.
 */
export async function* tryFilter(
  socket: DaemonSocket,
  status: Status,
  signal: AbortSignal,
): AsyncGenerator<HealthCheck> {
  const { probePort, servicePort, interfacesAsked } = status;
  const skip = (message: string): HealthCheck => ({ name: 'filter', result: 'skip', message });
  if (probePort === null) {
    yield skip('no watched port is free, so no probe was sent');
    return;
  }
  const open = openerFor(interfacesAsked);
  if (open === null) {
    const where = interfacesAsked.join(', ');
    yield skip(
      `portsentry listens only on ${where}, where doctor cannot send: scan this host from another one`,
    );
    return;
  }
  let path: ProbePath;
  try {
    path = await open();
  } catch (error) {
    yield skip(`no probe was sent: ${(error as Error).message}`);
    return;
  }
  try {
    await askFor(socket, { command: 'spare', address: path.source, ms: SPARE_TIME_MS }, 'message');
    // The kernel holds the source of the probe until the daemon lets it go, so the service comes first.
    if (servicePort !== null) yield await tryService(path, servicePort, signal);
    yield* sendUntilSeen(socket, path, { port: probePort, ...silenceOf(status) }, signal);
  } finally {
    await closePath(socket, path);
  }
}

/** Prefers the veth pair, which is like traffic from outside. libpcap's `any` captures on new interfaces, too. */
function openerFor(interfaces: readonly string[]): (() => Promise<ProbePath>) | null {
  if ([ALL, ALL_BUT_LOOPBACK, ANY].some((word) => interfaces.includes(word))) return openVeth;
  return interfaces.includes('lo') ? openLoopback : null;
}

/** Whether an answer to a probe would be a fault, and whether there is a kernel sensor to say so of. */
function silenceOf({ sensor: { kernel }, probePort }: Status): { isSilent: boolean; isKernel: boolean } {
  const transport = probePort?.transport === 'udp' ? 'udp' : 'tcp';
  return { isSilent: kernel?.silences[transport] === true, isKernel: kernel !== null };
}

async function tryService(path: ProbePath, port: number, signal: AbortSignal): Promise<HealthCheck> {
  const name = 'service';
  const endMs = performance.now() + PROBE_TIMEOUT_MS;
  let outcome: ProbeOutcome = 'silent';
  while (outcome === 'silent' && performance.now() < endMs && !signal.aborted)
    outcome = await path.send({ transport: 'tcp', port });
  if (outcome === 'connected')
    return { name, result: 'ok', message: `TCP port ${port} takes connections over ${path.name}` };
  const hint = 'a firewall rule, or the service itself, refuses strangers';
  return { name, result: 'warn', message: `TCP port ${port} took no connection over ${path.name}: ${hint}` };
}

/** What is sent, and what is expected of it. */
interface Trial {
  readonly port: ProbePort;
  readonly isSilent: boolean;
  readonly isKernel: boolean;
}

async function* sendUntilSeen(
  socket: DaemonSocket,
  path: ProbePath,
  trial: Trial,
  signal: AbortSignal,
): AsyncGenerator<HealthCheck> {
  const name = 'filter';
  const { port } = trial;
  const outcomes: Promise<ProbeOutcome>[] = [];
  const before = await probesOf(socket, path.source);
  const endMs = performance.now() + PROBE_TIMEOUT_MS;
  for (let sentMs = Number.NEGATIVE_INFINITY; performance.now() < endMs; await delay(POLL_INTERVAL_MS)) {
    if (signal.aborted) {
      yield { name, result: 'skip', message: 'the test probe was interrupted' };
      return;
    }
    if (performance.now() - sentMs >= SEND_INTERVAL_MS) {
      outcomes.push(path.send(port));
      sentMs = performance.now();
    }
    if ((await probesOf(socket, path.source)) === before) continue;
    const tookMs = Math.max(1, Math.round(performance.now() - sentMs));
    yield { name, result: 'ok', message: `a probe over ${path.name} was seen after ${tookMs} ms` };
    if (trial.isKernel) yield silenceCheck(trial, await Promise.all(outcomes));
    return;
  }
  const message =
    `a probe to ${describe(port)} over ${path.name} was not seen within ${PROBE_TIMEOUT_MS / 1000} s: look in ` +
    'the log for capture errors, then restart portsentry';
  yield { name, result: 'fail', message };
}

function silenceCheck({ port, isSilent }: Trial, outcomes: readonly ProbeOutcome[]): HealthCheck {
  const name = 'silence';
  if (!isSilent) {
    const message = `${describe(port)} may answer: the configuration only logs its first probe`;
    return { name, result: 'skip', message };
  }
  const answer = outcomes.find((outcome) => outcome !== 'silent');
  if (answer === undefined)
    return { name, result: 'ok', message: `${describe(port)} gave the probe no answer` };
  const message = `the probe to ${describe(port)} was ${answer === 'refused' ? 'refused' : 'accepted'}: scanners get answers`;
  return { name, result: 'fail', message };
}

function describe({ transport, port }: ProbePort): string {
  return `${transport.toUpperCase()} port ${port}`;
}

async function probesOf(socket: DaemonSocket, address: string): Promise<number> {
  return (await askFor<Why>(socket, { command: 'why', address }, 'why')).source?.probes ?? 0;
}

/** Closes the path after the daemon has stopped capturing on it. */
async function closePath(socket: DaemonSocket, { device, retire, close }: ProbePath): Promise<void> {
  try {
    await retire();
    const endMs = performance.now() + RETIRE_TIMEOUT_MS;
    while (device !== null && performance.now() < endMs) {
      const { interfaces } = await askFor<Status>(socket, { command: 'status' }, 'status');
      if (!interfaces.includes(device)) break;
      await delay(POLL_INTERVAL_MS);
    }
  } finally {
    await close();
  }
}
