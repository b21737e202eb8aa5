import type { Contact, ContactHandlers } from './contact.ts';

/**
 * SYNs and nameless connections that are remembered. A source that sends more in that time hides among them, but cannot
 * incriminate another source.
 */
const MAX_REMEMBERED = 1_024;

/** How long a SYN waits for its connection. */
const SYN_WAIT_MS = 3_000;

/** How long a connection waits for its SYN to be captured. */
const CONNECTION_WAIT_MS = 1_000;

/** The interval between attempts to match the two. */
const MATCH_INTERVAL_MS = 50;

/** A connection whose source is not known. */
interface Nameless {
  readonly port: number;
  readonly time: number;
}

/**
 * Finds the sources of connections that were reset before they were accepted, as nmap resets its own: the kernel no
 * longer knows their peer (getpeername(2), ENOTCONN). Captured SYNs show who sent one, but a SYN may be forged, and its
 * connection is then never made. So a SYN names a connection only if there is no ambiguity: when a port has as many
 * nameless connections as SYNs without a connection, or when all these SYNs have the same source.
 */
export class SynMatcher {
  readonly #handlers: ContactHandlers;
  readonly #now: () => number;
  /** SYNs without a connection, the oldest first. */
  readonly #syns = new Map<string, { readonly contact: Contact; readonly time: number }>();
  /** Connections whose source was known. Their SYN may arrive later. */
  readonly #named = new Map<string, number>();
  #nameless: Nameless[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `now` returns the time in ms. */
  constructor(handlers: ContactHandlers, now: () => number) {
    this.#handlers = handlers;
    this.#now = now;
  }

  /** Notes a captured SYN. The contact is kept, so it must not be reused. */
  noteSyn(contact: Contact): void {
    const key = keyOf(contact);
    if (!this.#named.delete(key)) remember(this.#syns, key, { contact, time: this.#now() });
  }

  /** Notes a connection whose source could be read. */
  noteNamed(contact: Contact): void {
    const key = keyOf(contact);
    if (!this.#syns.delete(key)) remember(this.#named, key, this.#now());
  }

  /** Notes a connection whose source could not be read. */
  noteNameless(port: number): void {
    if (this.#nameless.length >= MAX_REMEMBERED) {
      this.#handlers.nameless(port);
      return;
    }
    this.#nameless.push({ port, time: this.#now() });
    this.#timer ??= setTimeout(() => this.settle(), MATCH_INTERVAL_MS);
  }

  /** Reports the connections that can be matched, and gives up those that have waited too long. */
  settle(): void {
    this.#timer = null;
    const now = this.#now();
    for (const [key, { time }] of this.#syns) if (now - time > SYN_WAIT_MS) this.#syns.delete(key);
    for (const [key, time] of this.#named) if (now - time > SYN_WAIT_MS) this.#named.delete(key);
    for (const port of new Set(this.#nameless.map((one) => one.port))) this.#settlePort(port);
    const late = this.#nameless.filter(({ time }) => now - time >= CONNECTION_WAIT_MS);
    this.#nameless = this.#nameless.filter(({ time }) => now - time < CONNECTION_WAIT_MS);
    for (const { port } of late) this.#handlers.nameless(port);
    if (this.#nameless.length > 0) this.#timer = setTimeout(() => this.settle(), MATCH_INTERVAL_MS);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#nameless = [];
  }

  #settlePort(port: number): void {
    const waiting = this.#nameless.filter((one) => one.port === port);
    const syns = [...this.#syns].filter(([, { contact }]) => contact.destinationPort === port);
    const sources = new Set(syns.map(([, { contact }]) => contact.source.toString()));
    if (waiting.length < syns.length && sources.size > 1) return;
    const settled = new Set<Nameless>();
    for (const [index, [key, { contact }]] of syns.slice(0, waiting.length).entries()) {
      settled.add(waiting[index] as Nameless);
      this.#syns.delete(key);
      this.#handlers.contact(contact);
    }
    this.#nameless = this.#nameless.filter((one) => !settled.has(one));
  }
}

function keyOf({ source, sourcePort, destinationPort }: Contact): string {
  return `${source} ${sourcePort} ${destinationPort}`;
}

/** Adds an entry; a full map drops its oldest one. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  const [oldest] = map.keys();
  map.delete(oldest as string);
}
