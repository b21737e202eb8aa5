import { createServer, type Server, type Socket } from 'node:net';
import { type FileIdentity, identityOf, removeSocket } from '../files/unix-socket.ts';
import { CONNECTION_LIMITS, type ConnectionLimits, serveConnection } from './connection.ts';
import type { ControlHandlers } from './handlers.ts';
import { formatError } from './protocol.ts';
import { bindSocket } from './socket-file.ts';

/** Clients served at once. Scripts that pile up must not take memory and time from the protection. */
export const MAX_CONNECTIONS = 16;

/** Clients that get a line about this, and LINGER_TIME_MS to read it. Any others are just closed. */
const MAX_REFUSED = 256;
const LINGER_TIME_MS = 1_000;

/** Where the server listens, what it serves, and where it reports trouble. */
export interface ControlServerOptions {
  /** CONTROL_SOCKET. */
  readonly path: string;
  readonly handlers: ControlHandlers;
  /** Receives one line for the administrator. */
  readonly tell: (text: string) => void;
  readonly limits?: ConnectionLimits;
}

/** The daemon's end of the control socket. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #serving = new Set<Socket>();
  readonly #refused = new Set<Socket>();
  #server: Server | null = null;
  #identity: FileIdentity | null = null;
  #rebinding: Promise<void> | null = null;
  #trouble: string | null = null;
  #closed = false;

  constructor(options: ControlServerOptions) {
    this.#options = options;
  }

  /** Starts to listen. When that fails, rejects with one line that says what to do. */
  async open(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#take(socket));
    this.#identity = await bindSocket(server, this.#options.path);
    this.#server = server;
    // One connection could not be accepted, as when no descriptor is free. The client may try again.
    server.on('error', () => {});
  }

  /** Call every second. Listens again when the socket's file is gone, as after /run was cleaned. */
  tick(): void {
    if (this.#closed || this.#rebinding !== null || this.#server === null) return;
    if (identityOf(this.#options.path) === this.#identity) return;
    this.#rebinding = this.#rebind().finally(() => {
      this.#rebinding = null;
    });
  }

  /** Ends all connections, and removes the file if it is still ours. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#rebinding;
    if (this.#server === null) return;
    if (this.#identity !== null) removeSocket(this.#options.path, this.#identity);
    const ended = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of [...this.#serving, ...this.#refused]) socket.destroy();
    await ended;
  }

  #take(socket: Socket): void {
    if (this.#serving.size >= MAX_CONNECTIONS) {
      this.#refuse(socket);
      return;
    }
    const { handlers, limits = CONNECTION_LIMITS } = this.#options;
    this.#serving.add(socket);
    void serveConnection(socket, handlers, limits).finally(() => this.#serving.delete(socket));
  }

  /** Sends one line and waits for the client, which would get an error instead if it were still writing. */
  #refuse(socket: Socket): void {
    socket.on('error', () => {});
    if (this.#refused.size >= MAX_REFUSED) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    socket.on('close', () => this.#refused.delete(socket));
    socket.setTimeout(LINGER_TIME_MS, () => socket.destroy());
    socket.resume();
    socket.on('end', () => socket.destroySoon());
    socket.end(formatError('busy', `${MAX_CONNECTIONS} clients are being served: try again`));
  }

  /** Existing connections stay open. */
  async #rebind(): Promise<void> {
    const { path, tell } = this.#options;
    const old = this.#server;
    try {
      await this.open();
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#trouble) tell(`The control socket is gone and cannot be made again: ${message}.`);
      this.#trouble = message;
      return;
    }
    this.#trouble = null;
    old?.close();
    tell(`The control socket ${path} was gone and has been made again.`);
  }
}
