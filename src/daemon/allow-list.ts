import type { Config } from '../config/config.ts';
import type { Address } from '../net/address.ts';
import { loadIgnoreFile } from '../respond/ignore-file.ts';
import { NeverBlock } from '../respond/never-block.ts';
import { type Lifelines, lookupLifelines } from '../watch/lifelines.ts';

const NOBODY: Lifelines = { gateways: [], resolvers: [], sshPeers: [] };

/** What the rule of an address is called from which `doctor` sends its probe. */
const TRIAL = 'trial probe of doctor';

/** Keeps the never-block list: what the configuration says, and what is found out of this host. */
export class AllowList {
  readonly never = new NeverBlock();
  #autoIgnore = false;
  #trialEnd = Number.POSITIVE_INFINITY;
  #seen = '';

  /** Goes by this configuration from now on; reads its ignore file, and looks who this host cannot do without. */
  async configure({ ignoreFile, autoIgnore }: Config): Promise<void> {
    this.#autoIgnore = autoIgnore;
    const { entries } = ignoreFile === null ? { entries: [] } : await loadIgnoreFile(ignoreFile);
    this.never.setIgnore(entries);
    this.learn();
  }

  /** Looks up the gateways, the resolvers and the SSH peers of now (AUTO_IGNORE). */
  learn(): void {
    this.never.setLifelines(this.#autoIgnore ? lookupLifelines() : NOBODY);
  }

  /** Spares the address that `doctor` sends its probe from, until `until` (ms since the epoch). */
  spareForTrial(address: Address, until: number): void {
    this.#trialEnd = until;
    this.never.setLearned(TRIAL, [address]);
  }

  /** To be called every second; `now` in ms. */
  tick(now: number): void {
    if (now < this.#trialEnd) return;
    this.#trialEnd = Number.POSITIVE_INFINITY;
    this.never.setLearned(TRIAL, []);
  }

  /** Whether the list is another than at the last call. */
  takeChange(): boolean {
    const key = this.never.prefixes().join(' ');
    if (key === this.#seen) return false;
    this.#seen = key;
    return true;
  }
}
