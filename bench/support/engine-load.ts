import { readFileSync } from 'node:fs';
import { cpuTicksOf } from '../../test/support/detector.ts';

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What the processes of an engine use. */
export class EngineLoad {
  readonly #pids: () => readonly number[];
  readonly #atStart: number;
  peakMiB = 0;
  /** Processor seconds until the last look. */
  cpuSeconds = 0;

  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
    this.#atStart = this.#ticks();
  }

  look(): void {
    this.cpuSeconds = (this.#ticks() - this.#atStart) / TICKS_PER_SECOND;
    const kB = this.#pids().reduce((sum, pid) => sum + residentKiB(pid), 0);
    this.peakMiB = Math.max(this.peakMiB, kB / 1_024);
  }

  #ticks(): number {
    return this.#pids().reduce((sum, pid) => sum + ticksOf(pid), 0);
  }
}

/** Memory of a process without what it shares with others (PostgreSQL has one process for each connection); 0 when it has ended. */
function residentKiB(pid: number): number {
  const text = whileItRuns(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
  return Number(/^Pss:\s+(\d+) kB/m.exec(text ?? '')?.[1] ?? 0);
}

function ticksOf(pid: number): number {
  return whileItRuns(() => cpuTicksOf(pid)) ?? 0;
}

/** null when the process has ended between its listing and this look. */
function whileItRuns<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
