import { createServer } from 'node:net';
import { DIRECTIVES } from '../config/directives.ts';
import type { Finding } from '../config/finding.ts';
import { formatListenAddress, type ListenAddress } from '../config/listen-address.ts';
import type { ParsedConfig } from '../config/load.ts';

/** How long the program that holds the address may take to answer. */
const ANSWER_TIMEOUT_MS = 2_000;

/** A metric that only portsentry has. */
const OURS = 'portsentry_build_info';

/** Why the start could not listen at the port of METRICS_LISTEN. A running portsentry that serves metrics there is no reason. */
export async function listenFindings({ config, settings }: ParsedConfig): Promise<Finding[]> {
  const address = config?.metricsListen ?? null;
  if (config === null || address === null || 'path' in address) return [];
  const trouble = await bindTrouble(address);
  if (trouble === null) return [];
  const { key } = DIRECTIVES.metricsListen;
  const entry = settings.get(key);
  const message = `${key}: ${formatListenAddress(address)} cannot be bound: ${trouble}; no metrics are served until it can`;
  const place = { line: entry?.line ?? 0, column: entry?.valueColumn ?? 0 };
  return [{ severity: 'warning', file: config.file ?? '', ...place, message }];
}

async function bindTrouble(address: Extract<ListenAddress, { host: string }>): Promise<string | null> {
  switch (await bindError(address)) {
    case null:
      return null;
    case 'EADDRINUSE':
      return (await isOurs(address)) ? null : 'another program listens there';
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return 'this host has no such address';
    case 'EACCES':
      // Root may bind any port, and check need not run as root.
      return process.geteuid?.() === 0 ? 'no permission' : null;
    default:
      return null;
  }
}

/** The code of the error; null when the port is free. It is held for a moment, and takes no connection. */
function bindError({ host, port }: { host: string; port: number }): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Whether the program that listens there serves metrics of portsentry. Loads HTTP only for this: that takes milliseconds. */
async function isOurs({ host, port }: { host: string; port: number }): Promise<boolean> {
  const { get } = await import('node:http');
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/metrics', agent: false }, (response) => {
      let seen = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        // A word that lies across two pieces is found in what is kept of the first.
        seen = seen.slice(-OURS.length) + text;
        if (seen.includes(OURS)) end(true);
      });
      response.on('end', () => end(false));
      response.on('error', () => end(false));
    });
    const timer = setTimeout(() => end(false), ANSWER_TIMEOUT_MS);
    const end = (isOurs: boolean) => {
      clearTimeout(timer);
      request.destroy();
      resolve(isOurs);
    };
    request.on('error', () => end(false));
  });
}
