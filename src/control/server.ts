import { createServer, type Server, type Socket } from 'node:net';
import { CONNECTION_LIMITS, type ConnectionLimits, serveConnection } from './connection.ts';
import type { ControlHandlers } from './handlers.ts';
import { formatError } from './protocol.ts';
import { bindSocket, type FileIdentity, identityOf, removeSocket } from './socket-file.ts';

/** Clients at once (design, section 8): scripts that pile up take no memory and no time from the protection. */
export const MAX_CONNECTIONS = 16;

/** Clients that are told so and given LINGER_TIME (ms) to read it; what comes beyond them is just closed. */
const MAX_REFUSED = 256;
const LINGER_TIME = 1_000;

export interface ControlServerOptions {
  /** CONTROL_SOCKET. */
  readonly path: string;
  readonly handlers: ControlHandlers;
  /** Gets one line for the administrator. */
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

  /** Listens. Rejects with one line that says what to do when it cannot. */
  async open(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#take(socket));
    this.#identity = await bindSocket(server, this.#options.path);
    this.#server = server;
    // Of single connections that could not be accepted, as without a free descriptor; the client tries again.
    server.on('error', () => {});
  }

  /** To be called every second: listens anew when the socket's file is gone, as when /run was cleaned. */
  tick(): void {
    if (this.#closed || this.#rebinding !== null || this.#server === null) return;
    if (identityOf(this.#options.path) === this.#identity) return;
    this.#rebinding = this.#rebind().finally(() => {
      this.#rebinding = null;
    });
  }

  /** Ends all connections and removes the file, if it is still ours. */
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

  /** One line, and time to read it: a client that is still writing would get an error instead. */
  #refuse(socket: Socket): void {
    socket.on('error', () => {});
    if (this.#refused.size >= MAX_REFUSED) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    socket.on('close', () => this.#refused.delete(socket));
    socket.setTimeout(LINGER_TIME, () => socket.destroy());
    socket.resume();
    socket.on('end', () => socket.destroySoon());
    socket.end(formatError('busy', `${MAX_CONNECTIONS} clients are being served: try again`));
  }

  /** Those who are connected stay so. */
  async #rebind(): Promise<void> {
    const { path, tell } = this.#options;
    const old = this.#server;
    try {
      await this.open();
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#trouble) tell(`The control socket is gone and cannot be made anew: ${message}.`);
      this.#trouble = message;
      return;
    }
    this.#trouble = null;
    old?.close();
    tell(`The control socket ${path} was gone and is there again.`);
  }
}
