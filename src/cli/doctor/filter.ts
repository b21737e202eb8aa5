import { setTimeout as delay } from 'node:timers/promises';
import { ALL, ALL_BUT_LOOPBACK } from '../../capture/devices.ts';
import type { HealthCheck, Status, Why } from '../../control/status.ts';
import { askFor, type DaemonSocket } from '../ask.ts';
import { openLoopback } from './loopback.ts';
import type { ProbePath, ProbePort } from './probe-path.ts';
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
 * Sends the daemon a probe and checks that it sees the probe. Ends early when it is aborted. Throws a CommandError when
 * the daemon no longer answers. Cleans up in every case.
 */
export async function tryFilter(
  socket: DaemonSocket,
  status: Status,
  signal: AbortSignal,
): Promise<HealthCheck> {
  const { probePort, interfacesAsked } = status;
  if (probePort === null) return verdict('skip', 'no watched port is free, so no probe was sent');
  const open = openerFor(interfacesAsked);
  if (open === null) {
    const where = interfacesAsked.join(', ');
    return verdict(
      'skip',
      `portsentry listens only on ${where}, where doctor cannot send: scan this host from another one`,
    );
  }
  let path: ProbePath;
  try {
    path = await open();
  } catch (error) {
    return verdict('skip', `no probe was sent: ${(error as Error).message}`);
  }
  try {
    return await sendUntilSeen(socket, path, probePort, signal);
  } finally {
    await closePath(socket, path);
  }
}

/** Prefers the veth pair, which is like traffic from outside. libpcap's `any` captures on new interfaces, too. */
function openerFor(interfaces: readonly string[]): (() => Promise<ProbePath>) | null {
  if ([ALL, ALL_BUT_LOOPBACK, 'any'].some((word) => interfaces.includes(word))) return openVeth;
  return interfaces.includes('lo') ? openLoopback : null;
}

async function sendUntilSeen(
  socket: DaemonSocket,
  path: ProbePath,
  port: ProbePort,
  signal: AbortSignal,
): Promise<HealthCheck> {
  await askFor(socket, { command: 'spare', address: path.source, ms: SPARE_TIME_MS }, 'message');
  const before = await probesOf(socket, path.source);
  const endMs = performance.now() + PROBE_TIMEOUT_MS;
  for (let sentMs = Number.NEGATIVE_INFINITY; performance.now() < endMs; await delay(POLL_INTERVAL_MS)) {
    if (signal.aborted) return verdict('skip', 'the test probe was interrupted');
    if (performance.now() - sentMs >= SEND_INTERVAL_MS) {
      path.send(port);
      sentMs = performance.now();
    }
    if ((await probesOf(socket, path.source)) === before) continue;
    const tookMs = Math.max(1, Math.round(performance.now() - sentMs));
    return verdict('ok', `a probe over ${path.name} was seen after ${tookMs} ms`);
  }
  const what = `${port.transport.toUpperCase()} port ${port.port}`;
  return verdict(
    'fail',
    `a probe to ${what} over ${path.name} was not seen within ${PROBE_TIMEOUT_MS / 1000} s: look in the log for ` +
      'capture errors, then restart portsentry',
  );
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

function verdict(result: HealthCheck['result'], message: string): HealthCheck {
  return { name: 'filter', result, message };
}
