import type { Visit, VisitHandlers } from './visit.ts';

/**
 * SYNs, and connections without a name, that are remembered. Who sends more in the meantime hides himself among them,
 * but brings nobody else into suspicion.
 */
const MAX_REMEMBERED = 1_024;

/** How long (ms) a SYN waits for its connection. */
const SYN_TIME = 3_000;

/** How long (ms) a connection waits for its SYN to be captured. */
const PATIENCE = 1_000;

/** How often (ms) it is tried to bring the two together. */
const INTERVAL = 50;

/** A connection without a name. */
interface Nameless {
  readonly port: number;
  readonly time: number;
}

/**
 * Names connections that were reset before they could be looked at, as nmap resets its own: the kernel forgets then
 * who made them (getpeername(2), ENOTCONN). Captured SYNs tell who knocked, but a SYN may be forged and its connection
 * never be made. So they are believed where they cannot be meant otherwise: when as many connections to the port have
 * no name as SYNs have no connection, or when all of these SYNs are of one source.
 */
export class Witnesses {
  readonly #handlers: VisitHandlers;
  readonly #now: () => number;
  /** SYNs without a connection yet, the oldest first. */
  readonly #syns = new Map<string, { readonly visit: Visit; readonly time: number }>();
  /** Connections that were named by themselves: their SYN may be heard of later. */
  readonly #named = new Map<string, number>();
  #nameless: Nameless[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `now` in ms. */
  constructor(handlers: VisitHandlers, now: () => number) {
    this.#handlers = handlers;
    this.#now = now;
  }

  /** A SYN was captured; the visit is kept. */
  noteSyn(visit: Visit): void {
    const key = keyOf(visit);
    if (!this.#named.delete(key)) remember(this.#syns, key, { visit, time: this.#now() });
  }

  /** A connection whose source could be read. */
  noteNamed(visit: Visit): void {
    const key = keyOf(visit);
    if (!this.#syns.delete(key)) remember(this.#named, key, this.#now());
  }

  /** A connection whose source could not be read. */
  noteNameless(port: number): void {
    if (this.#nameless.length >= MAX_REMEMBERED) {
      this.#handlers.nameless(port);
      return;
    }
    this.#nameless.push({ port, time: this.#now() });
    this.#timer ??= setTimeout(() => this.settle(), INTERVAL);
  }

  /** Names what can be named now, and gives up what has waited too long. */
  settle(): void {
    this.#timer = null;
    const now = this.#now();
    for (const [key, { time }] of this.#syns) if (now - time > SYN_TIME) this.#syns.delete(key);
    for (const [key, time] of this.#named) if (now - time > SYN_TIME) this.#named.delete(key);
    for (const port of new Set(this.#nameless.map((one) => one.port))) this.#settlePort(port);
    const late = this.#nameless.filter(({ time }) => now - time >= PATIENCE);
    this.#nameless = this.#nameless.filter(({ time }) => now - time < PATIENCE);
    for (const { port } of late) this.#handlers.nameless(port);
    if (this.#nameless.length > 0) this.#timer = setTimeout(() => this.settle(), INTERVAL);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#nameless = [];
  }

  #settlePort(port: number): void {
    const waiting = this.#nameless.filter((one) => one.port === port);
    const syns = [...this.#syns].filter(([, { visit }]) => visit.destinationPort === port);
    const sources = new Set(syns.map(([, { visit }]) => visit.source.toString()));
    if (waiting.length < syns.length && sources.size > 1) return;
    const settled = new Set<Nameless>();
    for (const [index, [key, { visit }]] of syns.slice(0, waiting.length).entries()) {
      settled.add(waiting[index] as Nameless);
      this.#syns.delete(key);
      this.#handlers.visit(visit);
    }
    this.#nameless = this.#nameless.filter((one) => !settled.has(one));
  }
}

function keyOf({ source, sourcePort, destinationPort }: Visit): string {
  return `${source} ${sourcePort} ${destinationPort}`;
}

/** The oldest makes room. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  const [oldest] = map.keys();
  map.delete(oldest as string);
}
