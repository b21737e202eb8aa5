import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CrowdsecEngine, type CrowdsecParts } from '../../../src/share/crowdsec/engine.ts';
import type { Report } from '../../../src/share/report.ts';

/** 2026-11-30 10:00:00 UTC. */
export const NOW = 1_796_032_800_000;

export const LIMITS = { most: 100, concerns: () => true };

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'portsentry-share-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A file with a secret. */
export function secretFile(text: string): string {
  const path = join(folder(), 'secret');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Starts a server on loopback that answers by `handler`; resolves to its address. It ends with the test. */
export async function serve(handler: Handler, server: Server = createServer()): Promise<string> {
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const piece of request) body += piece;
    handler(request, response, body);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An engine at this address with a password and a key. */
export function engineAt(url: string, more: Partial<CrowdsecParts> = {}): CrowdsecEngine {
  return new CrowdsecEngine({
    url,
    machine: 'one',
    files: {
      password: secretFile('password'),
      apiKey: secretFile('key'),
      cert: null,
      certKey: null,
      ca: null,
    },
    pushes: true,
    pulls: true,
    host: 'one.example',
    version: '3.0.0',
    wallNow: () => NOW,
    ...more,
  });
}

/** A report on a target. */
export function reportOn(target: string, more: Partial<Report> = {}): Report {
  return {
    target,
    since: NOW - 60_000,
    until: NOW + 3_600_000,
    evidence: 'handshake',
    kind: 'connect',
    transport: 'tcp',
    port: 23,
    probes: 412,
    ports: 400,
    tool: 'nmap',
    ...more,
  };
}

/** A signal that nobody gives. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
