import type { Config } from '../config/config.ts';
import type { Address } from '../net/address.ts';
import { loadIgnoreFile } from '../respond/ignore-file.ts';
import { NeverBlock } from '../respond/never-block.ts';
import { lookupLifelines, NO_LIFELINES } from '../watch/lifelines.ts';

/** Keeps the never-block list: what the configuration names, and what this host depends on. */
export class AllowList {
  readonly never = new NeverBlock();
  #autoIgnore = false;
  #trialEndMs = Number.POSITIVE_INFINITY;
  #lastSeen = '';

  /** Takes over this configuration: reads its ignore file and looks up the lifelines of this host. */
  async configure({ ignoreFile, autoIgnore }: Config): Promise<void> {
    this.#autoIgnore = autoIgnore;
    const { entries } = ignoreFile === null ? { entries: [] } : await loadIgnoreFile(ignoreFile);
    this.never.setIgnore(entries);
    this.learn();
  }

  /** Looks up the current gateways, resolvers and SSH peers (AUTO_IGNORE). */
  learn(): void {
    this.never.setLifelines(this.#autoIgnore ? lookupLifelines() : NO_LIFELINES);
  }

  /** The prefixes that the kernel sensor spares: `doctor` tries what happens to others. */
  sparedBySensor(): string[] {
    return this.never.prefixesWithoutTrial();
  }

  /** Spares the address from which `doctor` sends its probe; `untilMs` is in ms since the epoch. */
  spareForTrial(address: Address, untilMs: number): void {
    this.#trialEndMs = untilMs;
    this.never.setTrial(address);
  }

  /** Must be called every second; `now` in ms since the epoch. */
  tick(now: number): void {
    if (now < this.#trialEndMs) return;
    this.#trialEndMs = Number.POSITIVE_INFINITY;
    this.never.setTrial(null);
  }

  /** Whether the list has changed since the last call. */
  takeChange(): boolean {
    const key = this.never.prefixes().join(' ');
    if (key === this.#lastSeen) return false;
    this.#lastSeen = key;
    return true;
  }
}
