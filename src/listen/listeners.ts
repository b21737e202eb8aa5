import { PortSet } from '../config/ports.ts';
import type { ModeTransport } from '../net/protocol.ts';
import { bannerOctets } from './banner.ts';
import { BannerConnections } from './banner-connections.ts';
import type { ContactHandlers } from './contact.ts';
import { Descriptors } from './descriptors.ts';
import type { ListenFailure } from './failure.ts';
import { ownAddresses } from './own-addresses.ts';
import { TcpListeners } from './tcp-listeners.ts';
import { UdpAnswers, type UdpAnswersParts } from './udp-answers.ts';
import { UdpListeners } from './udp-listeners.ts';

/** The ports to listen on, and the answer to a contact. */
export interface ListenPlan {
  readonly tcp: PortSet;
  readonly udp: PortSet;
  /** PORT_BANNER. */
  readonly banner: string | null;
  /** UDP_BANNER_AMPLIFY. */
  readonly amplifies: boolean;
}

interface ListenersParts extends ContactHandlers, Pick<UdpAnswersParts, 'isOwn' | 'now'> {}

const NOTHING: ListenPlan = { tcp: new PortSet(), udp: new PortSet(), banner: null, amplifies: false };

/** The sockets of the connect modes: accept every contact, answer it with the banner, and report it to the handlers. */
export class Listeners {
  readonly #tcp: TcpListeners;
  readonly #udp: UdpListeners;
  readonly #connections: BannerConnections;
  readonly #descriptors = new Descriptors();
  #plan = NOTHING;
  #banner: Buffer = bannerOctets(null);

  constructor({ isOwn, now, contact, nameless }: ListenersParts) {
    const descriptors = this.#descriptors;
    const banner = () => this.#banner;
    this.#connections = new BannerConnections(descriptors.connections);
    this.#tcp = new TcpListeners({ connections: this.#connections, descriptors, banner, contact, nameless });
    const answers = new UdpAnswers({
      banner,
      amplifies: () => this.#plan.amplifies,
      ports: () => this.#plan.udp,
      isOwn,
      now,
    });
    this.#udp = new UdpListeners({ answers, descriptors, addresses: ownAddresses, contact });
  }

  /** The ports that have a listener now. */
  get ports(): Readonly<Record<ModeTransport, PortSet>> {
    return { tcp: this.#tcp.ports, udp: this.#udp.ports };
  }

  /** Changes to this plan and keeps the listeners that stay. Resolves to the sockets that could not be bound. */
  async listen(plan: ListenPlan): Promise<ListenFailure[]> {
    this.#plan = plan;
    this.#banner = bannerOctets(plan.banner);
    // If descriptors are scarce, both transports get some.
    const wanted = plan.udp.size * ownAddresses().length;
    const spare = Math.min(wanted, Math.floor(this.#descriptors.listeners / 2));
    return [...(await this.#tcp.listen(plan.tcp, spare)), ...(await this.#udp.listen(plan.udp))];
  }

  /** Binds the UDP ports again after the addresses of this host have changed. */
  readdress(): Promise<ListenFailure[]> {
    return this.#udp.readdress();
  }

  /** Call this every second. */
  tick(): Promise<ListenFailure[]> {
    return this.#udp.retry();
  }

  /** Closes every socket at once, including open connections. */
  close(): void {
    this.#tcp.close();
    this.#udp.close();
    this.#connections.close();
  }
}
