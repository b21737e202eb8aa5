import { PortSet } from '../config/ports.ts';
import type { ModeTransport } from '../net/protocol.ts';
import { bannerOctets } from './banner.ts';
import { Descriptors } from './descriptors.ts';
import type { ListenFailure } from './failure.ts';
import { Guests } from './guests.ts';
import { ownAddresses } from './own-addresses.ts';
import { TcpListeners } from './tcp-listeners.ts';
import { UdpAnswers, type UdpAnswersParts } from './udp-answers.ts';
import { UdpListeners } from './udp-listeners.ts';
import type { VisitHandlers } from './visit.ts';

/** What is to be listened on, and what a visitor is told. */
export interface ListenPlan {
  readonly tcp: PortSet;
  readonly udp: PortSet;
  /** PORT_BANNER. */
  readonly banner: string | null;
  /** UDP_BANNER_AMPLIFY. */
  readonly amplifies: boolean;
}

export interface ListenersParts extends VisitHandlers, Pick<UdpAnswersParts, 'isOwn' | 'now'> {}

const NOTHING: ListenPlan = { tcp: new PortSet(), udp: new PortSet(), banner: null, amplifies: false };

/** The connect modes' own sockets: takes whoever comes, answers with the banner, and tells of it. */
export class Listeners {
  readonly #tcp: TcpListeners;
  readonly #udp: UdpListeners;
  readonly #guests: Guests;
  readonly #descriptors = new Descriptors();
  #plan = NOTHING;
  #banner: Buffer = bannerOctets(null);

  constructor({ isOwn, now, visit, nameless }: ListenersParts) {
    const descriptors = this.#descriptors;
    const banner = () => this.#banner;
    this.#guests = new Guests(descriptors.guests);
    this.#tcp = new TcpListeners({ guests: this.#guests, descriptors, banner, visit, nameless });
    const answers = new UdpAnswers({
      banner,
      amplifies: () => this.#plan.amplifies,
      ports: () => this.#plan.udp,
      isOwn,
      now,
    });
    this.#udp = new UdpListeners({ answers, descriptors, addresses: ownAddresses, visit });
  }

  /** The ports that are listened on now. */
  get ports(): Readonly<Record<ModeTransport, PortSet>> {
    return { tcp: this.#tcp.ports, udp: this.#udp.ports };
  }

  /** Goes over to this plan without letting go of what stays; resolves to what could not be bound. */
  async listen(plan: ListenPlan): Promise<ListenFailure[]> {
    this.#plan = plan;
    this.#banner = bannerOctets(plan.banner);
    // Where descriptors are few, each of the two gets some.
    const wanted = plan.udp.size * ownAddresses().length;
    const spare = Math.min(wanted, Math.floor(this.#descriptors.most / 2));
    return [...(await this.#tcp.listen(plan.tcp, spare)), ...(await this.#udp.listen(plan.udp))];
  }

  /** The addresses of this host have changed. */
  readdress(): Promise<ListenFailure[]> {
    return this.#udp.readdress();
  }

  /** To be called every second. */
  tick(): Promise<ListenFailure[]> {
    return this.#udp.retry();
  }

  /** At once, whoever is connected. */
  close(): void {
    this.#tcp.close();
    this.#udp.close();
    this.#guests.close();
  }
}
