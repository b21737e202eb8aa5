import { setTimeout as delay } from 'node:timers/promises';
import { ALL, ALL_BUT_LOOPBACK } from '../../capture/devices.ts';
import type { HealthCheck, Status, Why } from '../../control/status.ts';
import { askFor, type DaemonSocket } from '../ask.ts';
import { openLoopback } from './loopback.ts';
import type { ProbePath, ProbePort } from './probe-path.ts';
import { openVeth } from './veth.ts';

/** How long (ms) the probe may take to be seen; the daemon needs some of it to hear a new interface. */
const PATIENCE = 3_000;

/** The probe is sent again after so long (ms): those sent before the interface was heard are lost. */
const SEND_INTERVAL = 200;

/** How often (ms) the daemon is asked. */
const ASK_INTERVAL = 10;

/** How long (ms) the source of the probe is spared: longer than any trial takes. */
const SPARE_TIME = 30_000;

/** How long (ms) the daemon may take to leave the road in peace once it is shut. */
const RETIRE_TIME = 3_000;

/**
 * Sends the daemon a probe and looks whether it sees it; ends early when it is aborted. Throws a CommandError when
 * the daemon does not answer any more. Whatever happens, nothing of it is left.
 */
export async function tryFilter(
  socket: DaemonSocket,
  status: Status,
  signal: AbortSignal,
): Promise<HealthCheck> {
  const { probePort, interfacesAsked } = status;
  if (probePort === null) return verdict('skip', 'no watched port is free, so no probe was sent');
  const open = roadFor(interfacesAsked);
  if (open === null) {
    const where = interfacesAsked.join(', ');
    return verdict(
      'skip',
      `it hears only ${where}, where doctor cannot send: scan this host from another one`,
    );
  }
  let road: ProbePath;
  try {
    road = await open();
  } catch (error) {
    return verdict('skip', `no probe was sent: ${(error as Error).message}`);
  }
  try {
    return await tryRoad(socket, road, probePort, signal);
  } finally {
    await closeRoad(socket, road);
  }
}

/** libpcap's `any` hears a new interface as well. A veth is like the world outside, so it comes first. */
function roadFor(interfaces: readonly string[]): (() => Promise<ProbePath>) | null {
  if ([ALL, ALL_BUT_LOOPBACK, 'any'].some((word) => interfaces.includes(word))) return openVeth;
  return interfaces.includes('lo') ? openLoopback : null;
}

async function tryRoad(
  socket: DaemonSocket,
  road: ProbePath,
  port: ProbePort,
  signal: AbortSignal,
): Promise<HealthCheck> {
  await askFor(socket, { command: 'spare', address: road.source, ms: SPARE_TIME }, 'message');
  const before = await probesOf(socket, road.source);
  const begun = performance.now();
  for (let sent = Number.NEGATIVE_INFINITY; performance.now() - begun < PATIENCE; await delay(ASK_INTERVAL)) {
    if (signal.aborted) return verdict('skip', 'the trial was interrupted');
    if (performance.now() - sent >= SEND_INTERVAL) {
      road.send(port);
      sent = performance.now();
    }
    if ((await probesOf(socket, road.source)) === before) continue;
    const time = Math.max(1, Math.round(performance.now() - sent));
    return verdict('ok', `a probe over ${road.name} was seen after ${time} ms`);
  }
  const what = `${port.transport.toUpperCase()} port ${port.port}`;
  return verdict(
    'fail',
    `a probe of ${what} over ${road.name} was not seen within ${PATIENCE / 1000} s: look in the log for what ` +
      'capture says, and start portsentry anew',
  );
}

async function probesOf(socket: DaemonSocket, address: string): Promise<number> {
  return (await askFor<Why>(socket, { command: 'why', address }, 'why')).source?.probes ?? 0;
}

/** Shuts the road and waits until the daemon has let go of it. */
async function closeRoad(socket: DaemonSocket, { device, retire, close }: ProbePath): Promise<void> {
  try {
    await retire();
    const begun = performance.now();
    while (device !== null && performance.now() - begun < RETIRE_TIME) {
      const { interfaces } = await askFor<Status>(socket, { command: 'status' }, 'status');
      if (!interfaces.includes(device)) break;
      await delay(ASK_INTERVAL);
    }
  } finally {
    await close();
  }
}

function verdict(result: HealthCheck['result'], message: string): HealthCheck {
  return { name: 'filter', result, message };
}
