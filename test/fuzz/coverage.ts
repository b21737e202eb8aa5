import { Session } from 'node:inspector/promises';

/** The code under test. */
const FUZZED = /\/src\/(capture|decode|classify|net)\//;

/** Records which blocks of code run, with V8's precise coverage. A block is a file and a range of offsets. */
export class Coverage {
  readonly #session = new Session();

  /** Starts to record. */
  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Returns the blocks that ran since the last call. */
  async take(): Promise<Set<string>> {
    const blocks = new Set<string>();
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    for (const { url, functions } of result) {
      if (!FUZZED.test(url)) continue;
      for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
        if (count > 0) blocks.add(`${url}:${startOffset}-${endOffset}`);
      }
    }
    return blocks;
  }

  /** Stops recording. */
  stop(): void {
    this.#session.disconnect();
  }
}
