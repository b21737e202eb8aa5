import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { PortSet } from '../config/ports.ts';
import { parseAddress } from '../net/address.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';
import type { BannerConnections } from './banner-connections.ts';
import type { ContactHandlers } from './contact.ts';
import type { Descriptors } from './descriptors.ts';
import { codeOf, type ListenFailure } from './failure.ts';

/** Connections that the kernel keeps until they are accepted. When the queue is full, clients repeat their handshake. */
const BACKLOG = 128;

const ADDRESSES = ['0.0.0.0', '::'] as const;

/** The errors of binding :: on a host without IPv6. */
const NO_SUCH_FAMILY = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

interface TcpListenersParts extends ContactHandlers {
  readonly connections: BannerConnections;
  readonly descriptors: Descriptors;
  /** Called for each connection, because a reload changes the banner. */
  readonly banner: () => Uint8Array;
}

/** Listens on TCP ports, with separate sockets for IPv4 and IPv6, because either may be in use. */
export class TcpListeners {
  readonly #parts: TcpListenersParts;
  readonly #servers = new Map<string, { readonly port: number; readonly server: Server }>();

  constructor(parts: TcpListenersParts) {
    this.#parts = parts;
  }

  /** The ports that have a listener in at least one family. */
  get ports(): PortSet {
    return PortSet.of([...this.#servers.values()].map(({ port }) => ({ first: port, last: port })));
  }

  /**
   * Changes to these ports and keeps the listeners that stay. Resolves to the sockets that could not be bound. Leaves the
   * last `spare` descriptors for others.
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

  /** Resolves to an error code; null when the socket listens, or when the host does not have the family. */
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
    // An error of accept needs no action: libuv has closed the connection.
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
    const { connections, banner, contact, nameless } = this.#parts;
    const source = addressOf(socket.remoteAddress);
    const destination = addressOf(socket.localAddress);
    const { remotePort } = socket;
    connections.receive(socket, banner());
    if (source === null || destination === null || remotePort === undefined) nameless(port);
    else
      contact({ protocol: PROTOCOL_TCP, source, sourcePort: remotePort, destination, destinationPort: port });
  }
}

/** Parses an address from Node without its zone (`fe80::1%eth0`). Returns null when there is none. */
export function addressOf(text: string | undefined) {
  return parseAddress(text?.split('%')[0] ?? '');
}
