/** Sources remembered. A flood of forged ones pushes out the oldest, for which the command is run again. */
const MAX_SOURCES = 65_536;

/**
 * The sources for which a notifier was run: KILL_RUN_CMD where nothing blocks. A source is told once while it goes on,
 * and again when it was quiet for SCAN_WINDOW. Nothing of it outlives the process, so a restart tells again.
 */
export class Notified {
  /** The time of the last probe, in ms, by source; the one that was quiet longest is the first. */
  readonly #lastProbe = new Map<string, number>();

  /** Whether the command was run for a source that goes on at `now` (ms); `windowMs` is SCAN_WINDOW, 0 for ever. */
  goesOn(source: string, now: number, windowMs: number): boolean {
    const last = this.#lastProbe.get(source);
    if (last === undefined) return false;
    if (windowMs > 0 && now - last >= windowMs) {
      this.#lastProbe.delete(source);
      return false;
    }
    this.add(source, now);
    return true;
  }

  /** The command was run for this source, or it has sent another probe. */
  add(source: string, now: number): void {
    this.#lastProbe.delete(source);
    this.#lastProbe.set(source, now);
    if (this.#lastProbe.size <= MAX_SOURCES) return;
    const [oldest] = this.#lastProbe.keys();
    this.#lastProbe.delete(oldest as string);
  }
}
