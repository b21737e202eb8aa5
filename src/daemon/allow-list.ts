import type { Config } from '../config/config.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import { HostLookup, type Question } from '../respond/host-lookup.ts';
import { loadIgnoreFile } from '../respond/ignore-file.ts';
import { NeverBlock, type NeverBlockRule } from '../respond/never-block.ts';
import type { Triggering } from '../respond/responder.ts';
import { NO_LIFELINES } from '../watch/lifelines.ts';
import { EngineAddresses } from './engine-addresses.ts';

const EVERYTHING: Question = { about: null, asksTimeDaemons: true };

/** Keeps the never-block list: what the configuration names, and what this host depends on. */
export class AllowList {
  readonly never = new NeverBlock();
  readonly #engines = new EngineAddresses((found) => this.never.setEngines(found));
  /** Null where AUTO_IGNORE has never been on. */
  #lookup: HostLookup | null = null;
  #autoIgnore = false;
  /** A block has rested on a list of time servers that was not asked for it. */
  #isLookDue = false;
  #trialEndMs = Number.POSITIVE_INFINITY;
  #lastSeen = '';

  /** Takes over this configuration: reads its ignore file and looks up what this host depends on. */
  async configure(config: Config): Promise<void> {
    const { ignoreFile, autoIgnore } = config;
    this.#autoIgnore = autoIgnore;
    this.#engines.configure(config);
    const { entries } = ignoreFile === null ? { entries: [] } : await loadIgnoreFile(ignoreFile);
    this.never.setIgnore(entries);
    await this.learn();
  }

  /** Looks up whom this host depends on now (AUTO_IGNORE). Resolves when the list has it. */
  async learn(question: Question = EVERYTHING): Promise<void> {
    if (this.#autoIgnore) this.#lookup ??= new HostLookup({ now: () => performance.now() });
    const found =
      this.#autoIgnore && this.#lookup !== null ? await this.#lookup.look(question) : NO_LIFELINES;
    // A reload may have switched it off meanwhile.
    this.never.setLifelines(this.#autoIgnore ? found : NO_LIFELINES);
  }

  /**
   * Looks up now whether a rule spares the source that triggered; `target` is what would be blocked. For a block that
   * can be taken back the time servers are those of the last full look, and another one follows within a second.
   */
  async lookFirst(
    { source, evidence }: Triggering,
    target: string,
    canBeUndone: boolean,
  ): Promise<NeverBlockRule | null> {
    this.#isLookDue ||= canBeUndone;
    await this.learn({ about: parsePrefix(target), asksTimeDaemons: !canBeUndone });
    return this.never.match(parseAddress(source) as Address, evidence);
  }

  /** Why the routes could not be looked up as they should; null when they could, or are not looked up. */
  get routeTrouble(): string | null {
    return this.#lookup?.routeTrouble ?? null;
  }

  /** Whether this host's dependencies are looked up at all. */
  get isLooking(): boolean {
    return this.#autoIgnore;
  }

  /** The prefixes that the kernel sensor spares: `doctor` tries what happens to others. */
  sparedBySensor(): string[] {
    return this.never.prefixesOfSensor();
  }

  /** Spares the address from which `doctor` sends its probe; `untilMs` is in ms since the epoch. */
  spareForTrial(address: Address, untilMs: number): void {
    this.#trialEndMs = untilMs;
    this.never.setTrial(address);
  }

  /** Must be called every second; `now` in ms since the epoch. */
  tick(now: number): void {
    this.#engines.tick(now);
    if (this.#isLookDue) void this.learn();
    this.#isLookDue = false;
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

  /** Ends the processes that look. */
  async close(): Promise<void> {
    await this.#lookup?.close();
  }
}
