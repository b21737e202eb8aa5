import { type ChildProcess, spawn } from 'node:child_process';
import { env, kill } from 'node:process';
import { ENDING } from './ending.ts';
import { fullPath } from './full-path.ts';
import { CommandOutput } from './output.ts';

/** The time from TERM to KILL when a command has timed out. */
const TERM_GRACE_MS = 2_000;
/** The same when the daemon ends, which has one second for everything. */
const ABORT_GRACE_MS = 200;
/** The wait after KILL. A process stuck in the kernel (a dead NFS server) survives even that, and is left alone. */
const KILL_WAIT_MS = 100;
/** The pause between two looks at a process group that was signalled. */
const GROUP_POLL_MS = 20;
/** Characters of the command's first output line in a failure. */
const MAX_SHOWN_LENGTH = 200;

/** How a command ended. */
export interface CommandResult {
  /** null for exit status 0; else the reason in one line, with the first line of the output. */
  readonly failure: string | null;
  /** The first 4 KiB of stdout and stderr. */
  readonly output: string;
}

/** How to run a command. */
export interface CommandOptions {
  readonly timeoutMs: number;
  /** Aborting it ends the command at once, by TERM and soon after by KILL. */
  readonly signal?: AbortSignal | undefined;
  /** Its standard input; /dev/null without one. */
  readonly input?: string;
}

/** Runs a command through `/bin/sh -c` until it ends or is killed. Never rejects. */
export async function runCommand(command: string, options: CommandOptions): Promise<CommandResult> {
  if (options.signal?.aborted) return { failure: ENDING, output: '' };
  let child: ChildProcess;
  try {
    child = startShell(command, options.input);
  } catch (error) {
    return { failure: `cannot be started: ${oneLine((error as Error).message)}`, output: '' };
  }
  const output = new CommandOutput(child);
  const ended = exitOf(child);
  const forced = await timeUp(ended, options);
  if (forced !== null) {
    // The shell reports its own end (`Terminated`), which is not why the command timed out.
    output.stopKeeping();
    await endGroup(child.pid as number, forced.graceMs, options.signal);
  }
  await output.end();
  const failure = forced?.why ?? (await ended);
  const firstLine = oneLine(output.text.trim().split('\n', 1)[0] ?? '');
  const detail = firstLine === '' ? '' : `: ${firstLine}`;
  return { failure: failure === null ? null : `${failure}${detail}`, output: output.text };
}

/** Throws without a free descriptor; the error event reports other failures. */
function startShell(command: string, input: string | undefined): ChildProcess {
  // Its own process group, so that a signal reaches all that the shell has started.
  const child = spawn('/bin/sh', ['-c', command], {
    detached: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...env, PATH: fullPath(env.PATH) },
  });
  // It may end before it has read all; its exit status says whether that is a failure.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return child;
}

/** Resolves to null for exit status 0, else to what happened. */
function exitOf(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${oneLine(error.message)}`));
    child.once('exit', (status, signal) => {
      if (signal !== null) resolve(`killed by ${signal}`);
      else resolve(status === 0 ? null : `exit status ${status}`);
    });
  });
}

/** Resolves to null when the command ends in time, else to why it must end and the time that it gets for that. */
async function timeUp(
  ended: Promise<unknown>,
  { timeoutMs, signal }: CommandOptions,
): Promise<{ why: string; graceMs: number } | null> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const time = new Promise<{ why: string; graceMs: number }>((resolve) => {
    const why = `timed out after ${timeoutMs / 1000} s`;
    timer = setTimeout(() => resolve({ why, graceMs: TERM_GRACE_MS }), timeoutMs);
    onAbort = () => resolve({ why: ENDING, graceMs: ABORT_GRACE_MS });
    signal?.addEventListener('abort', onAbort);
  });
  const first = await Promise.race([ended.then(() => null), time]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', onAbort);
  return first;
}

/** Sends TERM to the whole group, and KILL to what is left of it after the grace. */
async function endGroup(group: number, graceMs: number, signal: AbortSignal | undefined): Promise<void> {
  if (signalGroup(group, 'SIGTERM') && !(await isGoneWithin(group, graceMs, signal))) {
    signalGroup(group, 'SIGKILL');
    await isGoneWithin(group, KILL_WAIT_MS, signal);
  }
}

async function isGoneWithin(
  group: number,
  graceMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (
    let waitedMs = 0;
    waitedMs < (signal?.aborted ? Math.min(graceMs, ABORT_GRACE_MS) : graceMs);
    waitedMs += GROUP_POLL_MS
  ) {
    await pause(GROUP_POLL_MS);
    if (!signalGroup(group, 0)) return true;
  }
  return false;
}

/** Returns false when the group is gone. Signal 0 only asks. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return kill(-group, signal);
  } catch {
    return false;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A program's output as one line of printable text, cut when it is long. */
export function oneLine(text: string): string {
  const clean = text.replace(/[\p{C}\u2028\u2029]+/gu, ' ').trim();
  return clean.length > MAX_SHOWN_LENGTH ? `${clean.slice(0, MAX_SHOWN_LENGTH)}...` : clean;
}
