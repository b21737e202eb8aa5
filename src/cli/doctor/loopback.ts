import { randomInt } from 'node:crypto';
import type { ProbePath } from './probe-path.ts';
import { sendProbe } from './send-probe.ts';

/** Probes over loopback, from a random address of 127.0.0.0/8. */
export async function openLoopback(): Promise<ProbePath> {
  const source = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
  return {
    name: 'loopback',
    source,
    device: null,
    send: (port) => sendProbe(port, source, '127.0.0.1'),
    retire: async () => {},
    close: async () => {},
  };
}
