import type { Socket } from 'node:net';

/** Until a connection is destroyed that its peer does not close. A scanner gains nothing by waiting. */
const MAX_CONNECTION_MS = 1_000;

/** Received octets after which a connection is destroyed. All of them are ignored. */
const MAX_RECEIVED_BYTES = 16_384;

/** The connections that are getting the banner. When there are too many, as in a flood, new ones are closed at once. */
export class BannerConnections {
  readonly #capacity: number;
  readonly #sockets = new Set<Socket>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Sends the banner and closes. Without a banner, or at the limit of connections, it closes at once. */
  receive(socket: Socket, banner: Uint8Array): void {
    // The peer may reset the connection at any moment; `close` follows.
    socket.on('error', () => {});
    if (banner.length === 0 || this.#sockets.size >= this.#capacity) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), MAX_CONNECTION_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    // Read what arrives: closing with unread octets sends a reset, which may overtake the banner.
    let received = 0;
    socket.on('data', (octets) => {
      received += octets.length;
      if (received > MAX_RECEIVED_BYTES) socket.destroy();
    });
    socket.end(banner);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
