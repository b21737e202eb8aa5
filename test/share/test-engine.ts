import {
  EngineError,
  type Pulled,
  type PullLimits,
  type Pushed,
  type ShareEngine,
} from '../../src/share/engine.ts';
import type { Report, Said } from '../../src/share/report.ts';

/** An answer without news. */
export const NOTHING: Pulled = { isWhole: true, decisions: [], ended: [], leftOut: [] };

/** An engine in memory: what it has, by the target and beginning of each report, and how its next answers fail. */
export class TestEngine implements ShareEngine {
  readonly name = 'the engine';
  readonly identity = 'engine';
  readonly list = 'test';
  pushes = true;
  readonly pulls = true;
  readonly pullsLive = false;
  keepsPlace = false;
  readonly wholeIntervalMs = 3_600_000;
  readonly batchSize = 3;
  readonly findBatchSize = 3;
  readonly has: Report[] = [];
  readonly asked: string[] = [];
  /** When the last target was unblocked that was taken back. */
  takenBackAt = 0;
  fails: EngineError[] = [];
  /** Reports on these targets are refused. */
  dislikes = '';
  /** A failed push arrived all the same. */
  keepsWhatFailed = false;
  answer: Pulled = NOTHING;

  async push(batch: readonly Report[]): Promise<readonly Pushed[]> {
    this.asked.push(`push ${batch.map(({ target }) => target).join(' ')}`);
    if (batch.some(({ target }) => target === this.dislikes)) throw new EngineError('no', 'refused');
    const error = this.fails.shift();
    if (error === undefined || this.keepsWhatFailed) this.has.push(...batch);
    if (error !== undefined) throw error;
    return batch.map((report) => [said(report)]);
  }

  async findPushed(batch: readonly Report[]): Promise<readonly (Pushed | null)[]> {
    this.asked.push('find');
    return batch.map((report) =>
      this.has.some(({ target, since }) => target === report.target && since === report.since)
        ? [said(report)]
        : null,
    );
  }

  async takeBack(target: string, at: number): Promise<number> {
    this.asked.push(`take back ${target}`);
    this.takenBackAt = at;
    return 1;
  }

  async pull(whole: boolean, _limits: PullLimits): Promise<Pulled> {
    this.asked.push(whole ? 'pull all' : 'pull');
    const error = this.fails.shift();
    if (error !== undefined) throw error;
    return { ...this.answer, isWhole: whole };
  }

  async beat(): Promise<void> {
    this.asked.push('beat');
  }

  async test() {
    return [];
  }

  close(): void {}
}

/** The decision that the engine makes of a report. */
export function said({ target, since, until }: Report): Said {
  return { id: `id of ${target}`, target, since, until };
}
