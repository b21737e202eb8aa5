import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startTool } from '../commands/tool.ts';

/**
 * The lowest real-time priority (sched(7)) for who stands between a probe and its block, and the next one for who takes
 * it back from them: a flood must not keep that one waiting.
 */
const HURRIED = 1;
const ABOVE = 2;

const CHRT = { command: 'chrt', package: 'util-linux' };

/** Changes the scheduling of the processes that a line names; a command that they start has the usual one. */
const CHANGE = `while read -r change pids; do for pid in $pids; do
case $change in
hurry) chrt --rr --reset-on-fork --pid ${HURRIED} "$pid" ;;
relax) chrt --other --pid 0 "$pid" ;;
esac; done; done`;

/** The share of its time that a process works in a flood, or in whatever else takes long; a scan takes some ms. */
const BUSY = 0.4;

/** Over so many ms it is measured, at least. */
const SPAN = 300;

/** After so many calls of `tick` without a busy one everything is hurried again. */
const CALM = 5;

/** Clock ticks of a second, in which Linux tells what a process has worked. */
const USER_HZ = 100;

// Fields of /proc/PID/stat, counted behind the process's name (proc_pid_stat(5)): work in user and in kernel mode.
const UTIME = 11;
const STIME = 12;
const NICE = 16;
const POLICY = 38;

export interface HasteParts {
  /** The process that captures, and others that are waited for; asked anew each time, for they come and go. */
  readonly capture: () => number | undefined;
  readonly others: () => readonly number[];
}

/**
 * Has this process and its helpers run as soon as there is work, whoever else works (SCHED_RR): between processes of the
 * usual scheduling each waits up to some ms for its turn, in which a scanner on a fast network learns of some hundred ports
 * (bench/reaction.ts). Only as long as they work little: in a flood they go back to the usual scheduling, and the host
 * does what it is there for. Without the right to it (CAP_SYS_NICE) or without chrt (util-linux) nothing is hurried.
 */
export class Realtime {
  readonly #parts: HasteParts;
  readonly #hurried = new Set<number>();
  #changer: ChildProcess | null = null;
  #isPossible = isUsual();
  #calm = CALM;
  #last = performance.eventLoopUtilization();
  #since = performance.now();
  #captured = { pid: 0, work: 0, at: 0 };

  constructor(parts: HasteParts) {
    this.#parts = parts;
  }

  /** To be called when everything is ready, which has been work enough to look like a flood. */
  start(wanted: boolean): void {
    this.#isBusy();
    this.#calm = CALM;
    if (this.#isPossible && wanted) this.#hurry();
  }

  /** To be called when work has come: sees at once when it is too much. */
  work(): void {
    if (this.#hurried.size > 0 && performance.now() - this.#since >= SPAN && this.#isBusy()) this.#relax();
  }

  /** To be called every second; `wanted` says whether there is anything to hurry for. */
  tick(wanted: boolean): void {
    if (!this.#isPossible) return;
    if (!wanted || this.#isBusy() || this.#captureIsBusy()) this.#relax();
    else if (++this.#calm >= CALM) this.#hurry();
  }

  close(): void {
    this.#isPossible = false;
    this.#changer?.stdin?.end();
    this.#changer = null;
  }

  #hurry(): void {
    const pids = this.#pids();
    for (const pid of this.#hurried) if (!pids.includes(pid)) this.#hurried.delete(pid);
    const late = pids.filter((pid) => !this.#hurried.has(pid));
    if (late.length === 0) return;
    for (const pid of late) this.#hurried.add(pid);
    this.#change('hurry', late);
  }

  #relax(): void {
    this.#calm = 0;
    if (this.#hurried.size === 0) return;
    const pids = this.#pids().filter((pid) => this.#hurried.has(pid));
    this.#hurried.clear();
    this.#change('relax', pids);
  }

  #pids(): number[] {
    const capture = this.#parts.capture();
    return [process.pid, ...(capture === undefined ? [] : [capture]), ...this.#parts.others()];
  }

  #change(change: 'hurry' | 'relax', pids: readonly number[]): void {
    this.#changer ??= this.#start();
    if (this.#changer === null) this.#hurried.clear();
    else this.#changer.stdin?.write(`${change} ${pids.join(' ')}\n`);
  }

  /** Nobody is hurried before the one runs who can take it back. */
  #start(): ChildProcess | null {
    const changer = startTool(CHRT, ['--rr', String(ABOVE), '/bin/sh', '-c', CHANGE]);
    // No descriptor is free.
    if (typeof changer === 'string') return null;
    // It complains of processes that are gone.
    for (const output of [changer.stdout, changer.stderr]) output?.resume();
    changer.once('error', () => this.#lose(changer, true));
    // A status is its refusal; by a signal it was ended by others, and is started again.
    changer.once('exit', (status) => this.#lose(changer, status !== null));
    return changer;
  }

  #lose(changer: ChildProcess, forGood: boolean): void {
    if (this.#changer !== changer) return;
    this.#changer = null;
    if (!forGood) return;
    this.#hurried.clear();
    this.#isPossible = false;
  }

  /** Whether this process has worked much since the last call. */
  #isBusy(): boolean {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#last);
    this.#last = now;
    this.#since = performance.now();
    return utilization > BUSY;
  }

  #captureIsBusy(): boolean {
    const pid = this.#parts.capture() ?? 0;
    const before = this.#captured;
    const now = { pid, work: workOf(pid), at: performance.now() };
    this.#captured = now;
    return pid === before.pid && now.work - before.work > BUSY * (now.at - before.at);
  }
}

/** What a process has worked so far, in ms; not a number when it is gone. */
function workOf(pid: number): number {
  const fields = fieldsOf(pid);
  return ((Number(fields[UTIME]) + Number(fields[STIME])) * 1_000) / USER_HZ;
}

/** Whether nobody has chosen another scheduling for this process, or a lower priority. */
function isUsual(): boolean {
  const fields = fieldsOf(process.pid);
  return Number(fields[POLICY]) === 0 && Number(fields[NICE]) <= 0;
}

/** None when the process is gone. */
function fieldsOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
