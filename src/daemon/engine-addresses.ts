import { lookup } from 'node:dns/promises';
import type { Config } from '../config/config.ts';
import { type Address, parseAddress } from '../net/address.ts';

/** A name is looked up again after this time. */
const LOOKUP_INTERVAL_MS = 60_000;

/** Addresses of one engine that are remembered: a name may have others at each look. The oldest leave. */
const MAX_ADDRESSES = 16;

/** An address of the engine that SHARE asks, and the directive that names it. */
export interface EngineAddress {
  readonly address: Address;
  readonly of: 'CROWDSEC_URL' | 'REDIS_URL';
}

/** The directive that names the engine, and the host in it. */
interface Engine {
  readonly of: EngineAddress['of'];
  readonly host: string;
}

/** Finds out where the engine is. Never rejects, and nothing waits for a look-up: a name server may not answer. */
export class EngineAddresses {
  readonly #onFound: (found: readonly EngineAddress[]) => void;
  /** Null where no engine is asked. */
  #engine: Engine | null = null;
  #found: readonly EngineAddress[] = [];
  #nextLookMs = 0;

  /** `onFound` gets all addresses that are known whenever they may have changed. */
  constructor(onFound: (found: readonly EngineAddress[]) => void) {
    this.#onFound = onFound;
  }

  /** Takes over this configuration. An address needs no look-up, so it is known at once. */
  configure({ crowdsecUrl, redisUrl }: Pick<Config, 'crowdsecUrl' | 'redisUrl'>): void {
    const url = crowdsecUrl ?? redisUrl;
    const host = url === null ? null : new URL(url).hostname.replace(/^\[|\]$/g, '');
    const of = crowdsecUrl === null ? 'REDIS_URL' : 'CROWDSEC_URL';
    if (host === this.#engine?.host && of === this.#engine?.of) return;
    this.#engine = host === null ? null : { of, host };
    this.#nextLookMs = 0;
    const address = host === null ? null : parseAddress(host);
    this.#found = address === null ? [] : [{ address, of }];
    this.#onFound(this.#found);
  }

  /** Must be called every second; `now` in ms by any clock. */
  tick(now: number): void {
    if (this.#engine === null || parseAddress(this.#engine.host) !== null || now < this.#nextLookMs) return;
    this.#nextLookMs = Number.POSITIVE_INFINITY;
    void this.#look(this.#engine).finally(() => {
      this.#nextLookMs = now + LOOKUP_INTERVAL_MS;
    });
  }

  async #look(engine: Engine): Promise<void> {
    const answers = await lookup(engine.host, { all: true }).catch(() => []);
    // A reload may have named another engine meanwhile.
    if (engine !== this.#engine || answers.length === 0) return;
    const fresh = answers.flatMap(({ address }) => parseAddress(address) ?? []);
    const former = this.#found.filter(({ address }) => !fresh.some((each) => each.equals(address)));
    const found = [...fresh.map((address) => ({ address, of: engine.of })), ...former];
    this.#found = found.slice(0, MAX_ADDRESSES);
    this.#onFound(this.#found);
  }
}
