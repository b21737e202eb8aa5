import type { Socket } from 'node:net';

/** How long (ms) a visitor may take for the banner and its own end. Who says nothing gains nothing by it. */
const GUEST_TIME = 1_000;

/** Octets that a visitor may send before the connection is closed on it; none of them is looked at. */
const MAX_HEARD = 16_384;

/** The connections that are being answered. Bounded: a flood of them is closed at once. */
export class Guests {
  readonly #most: number;
  readonly #sockets = new Set<Socket>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Sends the banner and closes; at once when there is none, or when too many others are here. */
  receive(socket: Socket, banner: Uint8Array): void {
    // It may be reset at any moment: its end is all that follows.
    socket.on('error', () => {});
    if (banner.length === 0 || this.#sockets.size >= this.#most) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), GUEST_TIME);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    // What it sends has to be read: to close over unread octets is a reset, which may overtake the banner.
    let heard = 0;
    socket.on('data', (octets) => {
      heard += octets.length;
      if (heard > MAX_HEARD) socket.destroy();
    });
    socket.end(banner);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
