import { Session } from 'node:inspector/promises';

/** The project's code that fuzzing is about. */
const FUZZED = /\/src\/(capture|decode|classify|net)\//;

/** Which blocks of code run, by V8's precise coverage. A block is a file and a place in it. */
export class Coverage {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The blocks that have run since the last call. */
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

  stop(): void {
    this.#session.disconnect();
  }
}
