import { setTimeout as delay } from 'node:timers/promises';
import { MAX_WATCHED_SOURCES } from '../../control/protocol.ts';
import type { WatchTick } from '../../control/scanners.ts';
import { CommandError } from '../../preflight/exit.ts';
import type { SortKey } from '../../track/top-slots.ts';
import { askDaemon, type DaemonSocket, QUERY_TIMEOUT_MS } from '../ask.ts';

/** The pause before a daemon that has gone is asked again. */
const RETRY_MS = 1_000;

/** Receives what the daemon says. */
export interface FeedTaker {
  /** `isFirst`: the tick has all sources, because the subscription is new. */
  tick(tick: WatchTick, isFirst: boolean): void;
  /** The daemon cannot be asked, or has gone; it is asked again. */
  lost(error: CommandError): void;
}

/** The ticks of one subscription. Throws as `askDaemon` does. */
export async function* ticksOf(
  socket: DaemonSocket,
  sort: SortKey,
  signal?: AbortSignal,
): AsyncGenerator<WatchTick> {
  const request = { command: 'watch', sort, limit: MAX_WATCHED_SOURCES } as const;
  for await (const { tick } of askDaemon(socket, request, QUERY_TIMEOUT_MS, signal)) {
    if (tick !== undefined) yield tick as WatchTick;
  }
}

/** A subscription that is made again when the daemon was away. */
export class Feed {
  readonly #socket: DaemonSocket;
  readonly #taker: FeedTaker;
  #subscription: AbortController | null = null;

  constructor(socket: DaemonSocket, taker: FeedTaker) {
    this.#socket = socket;
    this.#taker = taker;
  }

  /** Subscribes to the first sources in this order, instead of what was subscribed to. */
  start(sort: SortKey): void {
    this.stop();
    this.#subscription = new AbortController();
    void this.#run(sort, this.#subscription.signal);
  }

  stop(): void {
    this.#subscription?.abort();
    this.#subscription = null;
  }

  async #run(sort: SortKey, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        let isFirst = true;
        for await (const tick of ticksOf(this.#socket, sort, signal)) {
          if (signal.aborted) return;
          this.#taker.tick(tick, isFirst);
          isFirst = false;
        }
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        if (!signal.aborted) this.#taker.lost(error);
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}
