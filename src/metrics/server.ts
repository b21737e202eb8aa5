import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createConnection } from 'node:net';
import type { ListenAddress } from '../config/listen-address.ts';
import { bindUnixSocket, type FileIdentity, identityOf, removeSocket } from '../files/unix-socket.ts';
import { CONTENT_TYPE } from './exposition.ts';

/** Clients served at once: Prometheus needs one. Any others are just closed. */
export const MAX_CONNECTIONS = 8;

/** How long a connection may last in all, whatever its client sends or does not read. */
const CONNECTION_TIME_MS = 5_000;

/** The longest head of a request. */
const MAX_HEADER_BYTES = 8_192;

/** Connections that wait to be accepted. */
const BACKLOG = 128;

/** An account that may enter its folder may read the metrics, as with a port of the loopback interface. */
const SOCKET_MODE = 0o666;

/** How long a program that holds the path may take to accept a connection. */
const OCCUPANT_TIMEOUT_MS = 1_000;

const PATH = '/metrics';

/** What a server serves, and for how long. */
export interface MetricsServerOptions {
  readonly text: () => Promise<string>;
  /** Replaces CONNECTION_TIME_MS in tests. */
  readonly connectionTimeMs?: number;
}

/** Where a server listens: at an address, or at a socket that another program has opened, by its descriptor. */
export type Place = ListenAddress | { readonly fd: number };

/** Serves the metrics by HTTP: GET and HEAD of /metrics, one request a connection. */
export class MetricsServer {
  readonly #server: Server;
  #socket: { readonly path: string; readonly identity: FileIdentity } | null = null;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts to listen. Rejects with one line that says why it cannot. */
  static async open(place: Place, options: MetricsServerOptions): Promise<MetricsServer> {
    const server = new MetricsServer(await makeServer(options));
    try {
      await server.#listen(place);
    } catch (error) {
      server.#server.close();
      throw new Error(describe(error as NodeJS.ErrnoException));
    }
    // One connection could not be accepted, as when no descriptor is free. The client may try again.
    server.#server.on('error', () => {});
    return server;
  }

  /** The TCP address that it listens at; null for a unix socket. */
  get address(): AddressInfo | null {
    const address = this.#server.address();
    return typeof address === 'object' ? address : null;
  }

  /** False when the socket's file is gone, as after /run was cleaned. */
  get isReachable(): boolean {
    return this.#socket === null || identityOf(this.#socket.path) === this.#socket.identity;
  }

  /** Ends all connections, and removes the file of the socket if it is still ours. */
  async close(): Promise<void> {
    if (this.#socket !== null) removeSocket(this.#socket.path, this.#socket.identity);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #listen(place: Place): Promise<void> {
    if (!('path' in place)) {
      await listening(this.#server, { ...place, backlog: BACKLOG, exclusive: true });
      return;
    }
    const { path } = place;
    const identity = await bindUnixSocket(this.#server, path, {
      mode: SOCKET_MODE,
      findOccupant,
      remedy: 'remove it, or name another path',
    });
    this.#socket = { path, identity };
  }
}

/** `node:http` is loaded only where something is served. */
async function makeServer({
  text,
  connectionTimeMs = CONNECTION_TIME_MS,
}: MetricsServerOptions): Promise<Server> {
  const { createServer } = await import('node:http');
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: connectionTimeMs,
    requestTimeout: connectionTimeMs,
  };
  const server = createServer(limits, (request, response) => void respond(request, response, text));
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 1;
  server.on('connection', (socket) => {
    const timer = setTimeout(() => socket.destroy(), connectionTimeMs);
    socket.once('close', () => clearTimeout(timer));
  });
  return server;
}

function listening(server: Server, options: Parameters<Server['listen']>[0]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function respond(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  text: () => Promise<string>,
): Promise<void> {
  response.setHeader('Connection', 'close');
  // A client may disconnect at any moment.
  response.on('error', () => {});
  if (url !== PATH && !url.startsWith(`${PATH}?`)) {
    end(response, 404, `The metrics are at ${PATH}.\n`);
  } else if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    end(response, 405, 'Only GET and HEAD.\n');
  } else {
    try {
      const body = await text();
      response.setHeader('Cache-Control', 'no-store');
      end(response, 200, body, CONTENT_TYPE);
    } catch {
      // A bug in what reads the metrics must not end the protection.
      end(response, 500, 'internal error\n');
    }
  }
}

/** Node leaves the body out of the answer to HEAD. */
function end(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

function describe({ code, message }: NodeJS.ErrnoException): string {
  return (code === undefined ? undefined : REASONS[code]) ?? message;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this host has no such address',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'there is no such folder',
};

/** Which program listens at the path: one that takes a connection, or that is too busy to. */
function findOccupant(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    const found = (occupant: string | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(occupant);
    };
    const occupied = `another program listens on ${path}: end it, or name another path`;
    const timer = setTimeout(() => found(occupied), OCCUPANT_TIMEOUT_MS);
    socket.on('connect', () => found(occupied));
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      found(code === 'ECONNREFUSED' || code === 'ENOENT' ? null : occupied),
    );
  });
}
