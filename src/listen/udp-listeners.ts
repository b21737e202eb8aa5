import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { PortSet } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_UDP } from '../net/protocol.ts';
import type { ContactHandlers } from './contact.ts';
import type { Descriptors } from './descriptors.ts';
import { codeOf, type ListenFailure } from './failure.ts';
import { addressOf } from './tcp-listeners.ts';
import type { UdpAnswers } from './udp-answers.ts';

/** The error for an IPv6 address that is still tentative (RFC 4862, section 5.4). It is tried again. */
const NOT_YET = 'EADDRNOTAVAIL';

interface UdpListenersParts extends Pick<ContactHandlers, 'contact'> {
  readonly answers: UdpAnswers;
  readonly descriptors: Descriptors;
  /** The current addresses of this host, in the form for `bind`. */
  readonly addresses: () => readonly string[];
}

interface Listener {
  readonly port: number;
  readonly address: string;
  readonly socket: Socket;
}

/**
 * Listens on UDP ports, with a socket for each address of this host. A single socket at 0.0.0.0 would receive broadcasts,
 * which are not probes, and Node does not report the destination address of a datagram.
 */
export class UdpListeners {
  readonly #parts: UdpListenersParts;
  readonly #listeners = new Map<string, Listener>();
  /** The error codes of failed attempts, by port and address. A port that a service uses is reported only once. */
  readonly #refused = new Map<string, string>();
  #ports = new PortSet();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: UdpListenersParts) {
    this.#parts = parts;
  }

  /** The ports that have a listener at one address or more. */
  get ports(): PortSet {
    return PortSet.of([...this.#listeners.values()].map(({ port }) => ({ first: port, last: port })));
  }

  /** Changes to these ports and keeps the listeners that stay. Resolves to the sockets that could not be bound. */
  listen(ports: PortSet): Promise<ListenFailure[]> {
    this.#ports = ports;
    this.#refused.clear();
    return this.#settle();
  }

  /** Adapts to the current addresses of this host. Sockets that failed before are not tried again. */
  readdress(): Promise<ListenFailure[]> {
    return this.#settle();
  }

  /** Tries tentative addresses again. Call this from time to time. */
  async retry(): Promise<ListenFailure[]> {
    return [...this.#refused.values()].includes(NOT_YET) ? this.#settle() : [];
  }

  close(): void {
    this.#ports = new PortSet();
    for (const [key, listener] of this.#listeners) this.#drop(key, listener);
  }

  #settle(): Promise<ListenFailure[]> {
    const settled = this.#turn.then(() => this.#bindAll());
    this.#turn = settled;
    return settled;
  }

  async #bindAll(): Promise<ListenFailure[]> {
    const addresses = this.#parts.addresses();
    for (const [key, listener] of this.#listeners) {
      const stays = this.#ports.has(listener.port) && addresses.includes(listener.address);
      if (!stays) this.#drop(key, listener);
    }
    const failures: ListenFailure[] = [];
    for (const address of addresses) {
      for (const { first, last } of this.#ports.ranges()) {
        for (let port = first; port <= last; port++) {
          const code = await this.#add(port, address);
          if (code !== null) failures.push({ transport: 'udp', port, address, code });
        }
      }
    }
    return failures;
  }

  /** Resolves to an error code; null when the socket listens, or when the error was reported before. */
  async #add(port: number, address: string): Promise<string | null> {
    const key = `${port} ${address}`;
    const refused = this.#refused.get(key);
    if (this.#listeners.has(key) || !this.#ports.has(port)) return null;
    if (refused !== undefined && refused !== NOT_YET) return null;
    const code = await this.#bind(key, port, address);
    if (code === null) this.#refused.delete(key);
    else this.#refused.set(key, code);
    return code === refused || code === NOT_YET ? null : code;
  }

  async #bind(key: string, port: number, address: string): Promise<string | null> {
    const { descriptors } = this.#parts;
    if (!descriptors.take()) return 'EMFILE';
    const socket = createSocket(address.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
    try {
      socket.bind({ port, address, exclusive: true });
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      descriptors.giveBack();
      return codeOf(error);
    }
    // A failure to send an answer does not matter.
    socket.on('error', () => {});
    const listener = { port, address, socket };
    const destination = addressOf(address) as Address;
    socket.on('message', (octets, sender) => this.#receive(listener, destination, octets.length, sender));
    this.#listeners.set(key, listener);
    // The port may have been removed while the socket was being bound.
    if (!this.#ports.has(port)) this.#drop(key, listener);
    return null;
  }

  #drop(key: string, { socket }: Listener): void {
    this.#listeners.delete(key);
    socket.close();
    this.#parts.descriptors.giveBack();
  }

  #receive({ port, socket }: Listener, destination: Address, length: number, sender: RemoteInfo): void {
    const source = addressOf(sender.address);
    if (source === null) return;
    const contact = {
      protocol: PROTOCOL_UDP,
      source,
      sourcePort: sender.port,
      destination,
      destinationPort: port,
    };
    this.#parts.answers.answer(socket, length, sender.address, contact);
    this.#parts.contact(contact);
  }
}
