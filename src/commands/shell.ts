import type { ChildProcess } from 'node:child_process';
import { kill } from 'node:process';
import { ENDING } from './ending.ts';
import { CommandOutput } from './output.ts';
import { type ReadyShell, startShell } from './ready-shell.ts';

/** From TERM to KILL for a command that ran out of time. */
const TERM_GRACE = 2_000;
/** The same when the daemon itself ends, which has one second for everything. */
const ABORT_GRACE = 200;
/** After KILL; a process stuck in the kernel (a dead NFS server) does not end even then, and is left. */
const KILL_WAIT = 100;
/** How often a killed process group is asked whether it is gone. */
const GROUP_POLL = 20;
/** The first line of output in a failure, at most. */
const MAX_SHOWN = 200;

/** How a command ended. */
export interface CommandResult {
  /** null when it exited with status 0; else why not, in one line, with the first line of its output. */
  readonly failure: string | null;
  /** What it wrote to stdout and stderr: at most 4 KiB. */
  readonly output: string;
}

/** Times in ms; aborting the signal ends the command at once, by TERM and soon after by KILL. */
export interface CommandOptions {
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Where a shell may wait for the command. */
  readonly ready?: ReadyShell;
}

/** Runs a command through `/bin/sh -c` and waits for its end, by itself or by force. Never rejects. */
export async function runCommand(command: string, options: CommandOptions): Promise<CommandResult> {
  if (options.signal?.aborted) return { failure: ENDING, output: '' };
  let child: ChildProcess;
  try {
    child = options.ready?.take(command) ?? startShell(command);
  } catch (error) {
    return { failure: `cannot be started: ${oneLine((error as Error).message)}`, output: '' };
  }
  const output = new CommandOutput(child);
  const ended = exitOf(child);
  const forced = await timeUp(ended, options);
  if (forced !== null) {
    // What the shell says of its end (`Terminated`) is not why the command took so long.
    output.stopKeeping();
    await endGroup(child.pid as number, forced.grace, options.signal);
  }
  await output.end();
  const failure = forced?.why ?? (await ended);
  const firstLine = oneLine(output.text.trim().split('\n', 1)[0] ?? '');
  const detail = firstLine === '' ? '' : `: ${firstLine}`;
  return { failure: failure === null ? null : `${failure}${detail}`, output: output.text };
}

/** null for exit status 0, else what happened. */
function exitOf(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${oneLine(error.message)}`));
    child.once('exit', (status, signal) => {
      if (signal !== null) resolve(`killed by ${signal}`);
      else resolve(status === 0 ? null : `exit status ${status}`);
    });
  });
}

/** Resolves to null when the command ended in time, else to why it must be ended, and the grace (ms) it has. */
async function timeUp(
  ended: Promise<unknown>,
  { timeout, signal }: CommandOptions,
): Promise<{ why: string; grace: number } | null> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const time = new Promise<{ why: string; grace: number }>((resolve) => {
    const why = `timed out after ${timeout / 1000} s`;
    timer = setTimeout(() => resolve({ why, grace: TERM_GRACE }), timeout);
    onAbort = () => resolve({ why: ENDING, grace: ABORT_GRACE });
    signal?.addEventListener('abort', onAbort);
  });
  const first = await Promise.race([ended.then(() => null), time]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', onAbort);
  return first;
}

/** TERM to the whole group, and KILL to what is left of it after the grace (ms). */
async function endGroup(group: number, grace: number, signal: AbortSignal | undefined): Promise<void> {
  if (signalGroup(group, 'SIGTERM') && !(await isGoneWithin(group, grace, signal))) {
    signalGroup(group, 'SIGKILL');
    await isGoneWithin(group, KILL_WAIT, signal);
  }
}

async function isGoneWithin(group: number, grace: number, signal: AbortSignal | undefined): Promise<boolean> {
  for (
    let waited = 0;
    waited < (signal?.aborted ? Math.min(grace, ABORT_GRACE) : grace);
    waited += GROUP_POLL
  ) {
    await pause(GROUP_POLL);
    if (!signalGroup(group, 0)) return true;
  }
  return false;
}

/** False when the group is gone. */
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

/** What a program said, as one line of printable text, cut when it is long. */
export function oneLine(text: string): string {
  const clean = text.replace(/[\p{C}\u2028\u2029]+/gu, ' ').trim();
  return clean.length > MAX_SHOWN ? `${clean.slice(0, MAX_SHOWN)}...` : clean;
}
