import { type ChildProcess, spawn } from 'node:child_process';
import { env } from 'node:process';
import type { Failure } from './failure.ts';
import { fullPath } from './full-path.ts';
import { oneLine } from './shell.ts';

/** How long a program may take (ms): a listing of 130,000 blocks takes 1.5 s on a slow machine. */
const TIME_LIMIT = 15_000;
/** After KILL (ms); a process stuck in the kernel does not end even then, and is left. */
const KILL_WAIT = 100;
/** Octets of output that are kept; 130,000 blocks are 9 MB as JSON, and rules of others come on top. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** A program of the system, and the package that it comes with. */
export interface Tool {
  readonly command: string;
  readonly package: string;
}

/** How a program ended; `failure` is null when it exited with status 0. */
export interface Ran {
  readonly failure: Failure;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, by itself or by force. Never rejects; times in ms. */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  { input = '', timeout = TIME_LIMIT }: { input?: string; timeout?: number } = {},
): Promise<Ran> {
  const child = startTool(tool, args);
  if (typeof child === 'string') return { failure: child, stdout: '', stderr: '' };
  const output: Record<'stdout' | 'stderr', string[]> = { stdout: [], stderr: [] };
  const failure = await new Promise<Failure>((resolve) => {
    let room = MAX_OUTPUT;
    const force = (why: string) => {
      child.kill('SIGKILL');
      setTimeout(resolve, KILL_WAIT, `${tool.command}: ${why}`);
    };
    const timer = setTimeout(force, timeout, `timed out after ${timeout / 1000} s`);
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        if (room < 0) return;
        room -= text.length;
        if (room < 0) force(`said more than ${MAX_OUTPUT >>> 20} MiB`);
        else output[stream].push(text);
      });
    }
    child.once('close', () => clearTimeout(timer));
    onEnd(tool, child, 'close', (why) => {
      // What was ended by force has its reason already.
      if (!child.killed) resolve(why);
    });
    child.stdin?.end(input);
  });
  const stderr = output.stderr.join('');
  const complaint = complaintOf(stderr);
  const exited = failure?.startsWith(`${tool.command}: exit status`) === true && complaint !== '';
  return {
    failure: exited ? `${tool.command}: ${complaint}` : failure,
    stdout: output.stdout.join(''),
    stderr,
  };
}

/**
 * Starts a program with pipes, in a session of its own: a signal from the daemon's terminal is not for it. Gives
 * the reason when there are no descriptors left; a program that is not there is told of by the `error` event.
 */
export function startTool(tool: Tool, args: readonly string[]): ChildProcess | string {
  try {
    const child = spawn(tool.command, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      // Nothing of the user's: no translations, no file of history, no terminal.
      env: { PATH: fullPath(env.PATH), LC_ALL: 'C', HOME: '/nonexistent', TERM: 'dumb' },
    });
    // It may end before it has read all; its end is told by `exit`.
    child.stdin?.on('error', () => {});
    return child;
  } catch (error) {
    return startFailure(tool, error as NodeJS.ErrnoException);
  }
}

/** Calls back once, with null for exit status 0, else with what happened in one line. */
export function onEnd(
  tool: Tool,
  child: ChildProcess,
  event: 'exit' | 'close',
  tell: (why: Failure) => void,
): void {
  child.once('error', (error) => tell(startFailure(tool, error)));
  child.once(event, (status, signal) => {
    if (signal !== null) tell(`${tool.command}: killed by ${signal}`);
    else tell(status === 0 ? null : `${tool.command}: exit status ${status}`);
  });
}

/** The first complaint in what a program said to stderr, without what stands before it; empty when there is none. */
export function complaintOf(stderr: string): string {
  const lines = stderr.split('\n', MAX_LINES).filter((text) => !text.startsWith('#') && text.trim() !== '');
  const line = lines.find((text) => COMPLAINT.test(text)) ?? lines[0] ?? '';
  return oneLine(line.replace(PREAMBLE, ''));
}

/** Lines that are looked at; warnings may come first. */
const MAX_LINES = 64;
const COMPLAINT = /^(\S+: )?Error: |^ip\S+ v|^RTNETLINK answers: /;
/** `/dev/stdin:1:5-9: Error: ` of nft, `ipset v7.17: `, `iptables v1.8.9 (nf_tables): `. */
const PREAMBLE = /^(\S+: )?Error: |^ip6?(set|tables(-restore)?) v[^:]*: /;

function startFailure({ command, package: from }: Tool, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `${command}: not found; install ${from}`;
  return `${command}: cannot be started: ${oneLine(error.message)}`;
}
