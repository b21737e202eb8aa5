import { describeMissing, missingCapabilities } from '../capture/capabilities.ts';
import { Kind } from '../classify/kind.ts';
import { Probe } from '../classify/probe.ts';
import { PortSet } from '../config/ports.ts';
import type { Engine } from '../engine.ts';
import type { Contact } from '../listen/contact.ts';
import type { ListenFailure } from '../listen/failure.ts';
import { Listeners, type ListenPlan } from '../listen/listeners.ts';
import { SynMatcher } from '../listen/syn-matcher.ts';
import { Address } from '../net/address.ts';
import { type ModeTransport, PROTOCOL_TCP } from '../net/protocol.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import type { Prepared } from '../preflight/prepare.ts';
import { adminLine } from '../record/lines1.ts';
import { listenLines, notBoundLines, type Ports } from '../record/start-lines.ts';

/** How often connections are logged that were reset too early to name their source. */
const NAMELESS_INTERVAL_MS = 60_000;

/** What the connect modes work with. */
export interface ConnectModesParts {
  readonly engine: Engine;
  /** Whether an address is this host's. */
  readonly isOwn: (address: Address) => boolean;
  /** The daemon's clock, which never steps; in ms since the epoch. */
  readonly now: () => number;
  /** Gets each connect before the engine does. */
  readonly onConnect?: (probe: Probe) => void;
  /** Gets lines of the log. */
  readonly tell: (line: string) => void;
}

/** Listens for the modes tcp and udp, gives each connect to the engine, and logs the ports that could not be bound. */
export class ConnectModes {
  readonly #parts: ConnectModesParts;
  readonly #listeners: Listeners;
  readonly #synMatcher: SynMatcher;
  /** TCP ports that the mode tcp listens on. */
  #tcpPorts = new PortSet();
  readonly #probe = new Probe();
  #nameless = 0;
  #namelessPorts = new PortSet();
  #lastNamelessMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ConnectModesParts) {
    this.#parts = parts;
    const take = (contact: Contact) => this.#take(contact);
    this.#synMatcher = new SynMatcher(
      { contact: take, nameless: (port) => this.#noteNameless(port) },
      parts.now,
    );
    this.#listeners = new Listeners({
      isOwn: parts.isOwn,
      now: parts.now,
      contact: (contact) => {
        if (contact.protocol === PROTOCOL_TCP) this.#synMatcher.noteNamed(contact);
        this.#take(contact);
      },
      nameless: (port) => this.#synMatcher.noteNameless(port),
    });
  }

  /** The ports on which the modes listen now. */
  get ports(): Ports {
    return this.#listeners.ports;
  }

  /** Whether the mode tcp listens on this port. */
  holds(port: number): boolean {
    return this.#tcpPorts.has(port);
  }

  /** Takes a captured packet to a port of the mode tcp; a SYN may name the source of a connect. False for any other. */
  matchSyn(probe: Probe): boolean {
    if (probe.protocol !== PROTOCOL_TCP || !this.holds(probe.destinationPort)) return false;
    if (probe.kind !== Kind.syn || !this.#parts.isOwn(probe.destination)) return true;
    const { protocol, sourcePort, destinationPort } = probe;
    const [source, destination] = [Address.from(probe.source), Address.from(probe.destination)];
    this.#synMatcher.noteSyn({ protocol, source, sourcePort, destination, destinationPort });
    return true;
  }

  /** Binds the ports of the modes. Throws a CommandError (77, 69) when a mode gets none of its ports. */
  async open(prepared: Prepared): Promise<void> {
    const plan = planOf(prepared);
    const failures = await this.#listeners.listen(plan);
    this.#tcpPorts = this.ports.tcp;
    this.#logUnbound(plan, failures);
    const { ports } = this;
    for (const transport of ['tcp', 'udp'] as const) {
      const own = failures.filter((failure) => failure.transport === transport);
      if (own.length === 0 || ports[transport].size > 0) continue;
      const denied = own.every(({ code }) => code === 'EACCES');
      const reason = `could not bind ANY ${transport.toUpperCase()} sockets`;
      if (denied) throw new CommandError(Exit.noPermission, `${reason}: ${whyDenied()}`);
      const isShort = own.every(({ code }) => code === 'EMFILE');
      const why = isShort ? 'no descriptors are left' : 'every port of the list is taken';
      throw new CommandError(Exit.unavailable, `${reason}: ${why}`);
    }
  }

  /** Goes over to another configuration; listeners that both have stay open. */
  async reload(prepared: Prepared): Promise<void> {
    const before = this.ports;
    const plan = planOf(prepared);
    this.#logUnbound(plan, await this.#listeners.listen(plan));
    const { ports } = this;
    this.#tcpPorts = ports.tcp;
    for (const transport of ['tcp', 'udp'] as const) {
      const added = ports[transport].without(before[transport]);
      for (const line of listenLines(transport, added)) this.#parts.tell(line);
    }
  }

  /** Must be called when the addresses of this host have changed. */
  hostChanged(): void {
    void this.#listeners.readdress().then((failures) => this.#logFailures(failures));
  }

  /** Must be called every second; `now` in ms since the epoch. */
  tick(now: number): void {
    void this.#listeners.tick().then((failures) => this.#logFailures(failures));
    if (this.#nameless === 0 || now - this.#lastNamelessMs < NAMELESS_INTERVAL_MS) return;
    this.#lastNamelessMs = now;
    const where = `TCP ports ${this.#namelessPorts}`;
    this.#parts.tell(
      adminLine(`${this.#nameless} connects to ${where} were reset before their source could be read.`),
    );
    this.#nameless = 0;
    this.#namelessPorts = new PortSet();
  }

  /** Closes every socket at once. */
  close(): void {
    this.#listeners.close();
    this.#synMatcher.close();
  }

  #take({ protocol, source, sourcePort, destination, destinationPort }: Contact): void {
    const probe = this.#probe;
    probe.time = this.#parts.now();
    probe.kind = Kind.connect;
    probe.protocol = protocol;
    probe.source.set(source);
    probe.sourcePort = sourcePort;
    probe.destination.set(destination);
    probe.destinationPort = destinationPort;
    this.#parts.onConnect?.(probe);
    this.#parts.engine.takeConnect(probe);
  }

  #noteNameless(port: number): void {
    this.#nameless++;
    this.#namelessPorts.addRange({ first: port, last: port });
  }

  /** Logs ports bound at no address as 1.x does, and the others with the address where binding failed. */
  #logUnbound({ tcp, udp }: ListenPlan, failures: readonly ListenFailure[]): void {
    const { ports } = this;
    for (const [transport, wanted] of [['tcp', tcp] as const, ['udp', udp] as const]) {
      const failed = portsOf(failures.filter((failure) => failure.transport === transport));
      const unbound = failed.without(failed.without(wanted.without(ports[transport])));
      for (const line of notBoundLines(transport, unbound)) this.#parts.tell(line);
    }
    this.#logFailures(failures.filter(({ transport, port }) => ports[transport].has(port)));
    if (failures.some(({ code }) => code === 'EACCES')) {
      this.#parts.tell(adminLine(`Ports below 1024 are not listened on: ${whyDenied()}.`));
    }
    const missing = failures.filter(({ code }) => code === 'EMFILE').length;
    if (missing === 0) return;
    const advice = 'raise the limit (ulimit -n, LimitNOFILE)';
    this.#parts.tell(adminLine(`No descriptors are left for ${missing} more sockets: ${advice}.`));
  }

  /** One line for each transport, address and cause. A service that holds a port at one address is no error. */
  #logFailures(failures: readonly ListenFailure[]): void {
    const groups = new Map<string, ListenFailure[]>();
    for (const failure of failures) {
      if (failure.code === 'EMFILE') continue;
      const key = `${failure.transport} ${failure.address} ${failure.code}`;
      groups.set(key, [...(groups.get(key) ?? []), failure]);
    }
    for (const [key, group] of groups) {
      const [transport, address, code] = key.split(' ') as [ModeTransport, string, string];
      const ports = `${transport.toUpperCase()} ports ${portsOf(group)}`;
      const why = code === 'EADDRINUSE' ? 'something else uses them there' : code;
      this.#parts.tell(adminLine(`${ports} are not listened on at ${address}: ${why}.`));
    }
  }
}

function planOf({ config, modes }: Prepared): ListenPlan {
  return {
    tcp: modes.tcp === 'tcp' ? config.tcpPorts : new PortSet(),
    udp: modes.udp === 'udp' ? config.udpPorts : new PortSet(),
    banner: config.portBanner,
    amplifies: config.udpBannerAmplify,
  };
}

/** Why the kernel lets us bind no port below 1024. */
function whyDenied(): string {
  const missing = missingCapabilities(['CAP_NET_BIND_SERVICE']);
  return missing.length === 0 ? 'a security policy forbids it' : describeMissing(missing);
}

function portsOf(failures: readonly ListenFailure[]): PortSet {
  return PortSet.of(failures.map(({ port }) => ({ first: port, last: port })));
}
