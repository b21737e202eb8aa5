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
    return this.#pids().reduce((sum, pid) => sum + cpuTicksOf(pid), 0);
  }
}

/** Memory of a process without what it shares with others (PostgreSQL has one process for each connection). */
function residentKiB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
}
