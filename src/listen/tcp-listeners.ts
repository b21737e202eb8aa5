import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { PortSet } from '../config/ports.ts';
import { parseAddress } from '../net/address.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';
import type { Descriptors } from './descriptors.ts';
import { codeOf, type ListenFailure } from './failure.ts';
import type { Guests } from './guests.ts';
import type { VisitHandlers } from './visit.ts';

/** Connections that the kernel keeps ready for us; of more it takes the handshake up again by itself. */
const BACKLOG = 128;

const ADDRESSES = ['0.0.0.0', '::'] as const;

/** What the kernel says of :: where there is no IPv6. */
const NO_SUCH_FAMILY = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

export interface TcpListenersParts extends VisitHandlers {
  readonly guests: Guests;
  readonly descriptors: Descriptors;
  /** Asked anew each time: a reload changes it. */
  readonly banner: () => Uint8Array;
}

/** Listens on TCP ports, on IPv4 and IPv6 each by a socket of its own: one of them may be taken. */
export class TcpListeners {
  readonly #parts: TcpListenersParts;
  readonly #servers = new Map<string, { readonly port: number; readonly server: Server }>();

  constructor(parts: TcpListenersParts) {
    this.#parts = parts;
  }

  /** The ports that are listened on, by at least one family. */
  get ports(): PortSet {
    return PortSet.of([...this.#servers.values()].map(({ port }) => ({ first: port, last: port })));
  }

  /**
   * Goes over to these ports; what stays is not touched. Resolves to what could not be bound. The last `spare`
   * descriptors are for others.
   */
  async listen(ports: PortSet, spare = 0): Promise<ListenFailure[]> {
    for (const [key, { port }] of this.#servers) if (!ports.has(port)) this.#drop(key);
    const failures: ListenFailure[] = [];
    for (const address of ADDRESSES) {
      for (const { first, last } of ports.ranges()) {
        for (let port = first; port <= last; port++) {
          const code = await this.#add(port, address, spare);
          if (code !== null) failures.push({ transport: 'tcp', port, address, code });
        }
      }
    }
    return failures;
  }

  close(): void {
    for (const key of this.#servers.keys()) this.#drop(key);
  }

  /** null when it listens there, or when that family does not exist here. */
  async #add(port: number, address: (typeof ADDRESSES)[number], spare: number): Promise<string | null> {
    const key = `${port} ${address}`;
    if (this.#servers.has(key)) return null;
    const { descriptors } = this.#parts;
    if (!descriptors.take(spare)) return 'EMFILE';
    const server = createServer((socket) => this.#receive(socket, port));
    try {
      server.listen({ port, host: address, ipv6Only: true, exclusive: true, backlog: BACKLOG });
      await once(server, 'listening');
    } catch (error) {
      descriptors.giveBack();
      const code = codeOf(error);
      return address === '::' && NO_SUCH_FAMILY.includes(code) ? null : code;
    }
    // What accept fails with is over when it is told; who could not be taken in was sent away by libuv.
    server.on('error', () => {});
    this.#servers.set(key, { port, server });
    return null;
  }

  #drop(key: string): void {
    const { server } = this.#servers.get(key) as { server: Server };
    this.#servers.delete(key);
    server.close();
    this.#parts.descriptors.giveBack();
  }

  #receive(socket: Socket, port: number): void {
    const { guests, banner, visit, nameless } = this.#parts;
    const source = addressOf(socket.remoteAddress);
    const destination = addressOf(socket.localAddress);
    const { remotePort } = socket;
    guests.receive(socket, banner());
    if (source === null || destination === null || remotePort === undefined) nameless(port);
    else
      visit({ protocol: PROTOCOL_TCP, source, sourcePort: remotePort, destination, destinationPort: port });
  }
}

/** An address as Node gives it; a zone (`fe80::1%eth0`) is no part of it. */
export function addressOf(text: string | undefined) {
  return parseAddress(text?.split('%')[0] ?? '');
}
