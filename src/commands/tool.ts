import { type ChildProcess, spawn } from 'node:child_process';
import { env } from 'node:process';
import { type Capability, describeMissing, missingInPrograms } from '../capture/capabilities.ts';
import type { Failure } from './failure.ts';
import { fullPath } from './full-path.ts';
import { oneLine } from './shell.ts';

/** The default time limit: a listing of 130,000 blocks takes 1.5 s on a slow machine. */
const TIMEOUT_MS = 15_000;
/** The wait after KILL. A process stuck in the kernel survives even that, and is left alone. */
const KILL_WAIT_MS = 100;
/** The most output of a program: 130,000 blocks are 9 MB as JSON, and the rules of others come on top. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A program of the system, and the package that contains it. */
export interface Tool {
  readonly command: string;
  readonly package: string;
  /** What it needs from us; CAP_NET_ADMIN when it names nothing, because most tools change the network. */
  readonly needs?: readonly Capability[];
}

/** How a program ended; `failure` is null for exit status 0. */
export interface ToolResult {
  readonly failure: Failure;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program until it ends or is killed. Never rejects. */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  { input = '', timeoutMs = TIMEOUT_MS }: { input?: string; timeoutMs?: number } = {},
): Promise<ToolResult> {
  const child = startTool(tool, args);
  if (typeof child === 'string') return { failure: child, stdout: '', stderr: '' };
  const output: Record<'stdout' | 'stderr', string[]> = { stdout: [], stderr: [] };
  const failure = await new Promise<Failure>((resolve) => {
    let roomBytes = MAX_OUTPUT_BYTES;
    const kill = (why: string) => {
      child.kill('SIGKILL');
      setTimeout(resolve, KILL_WAIT_MS, `${tool.command}: ${why}`);
    };
    const timer = setTimeout(kill, timeoutMs, `timed out after ${timeoutMs / 1000} s`);
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        if (roomBytes < 0) return;
        roomBytes -= text.length;
        if (roomBytes < 0) kill(`said more than ${MAX_OUTPUT_BYTES >>> 20} MiB`);
        else output[stream].push(text);
      });
    }
    child.once('close', () => clearTimeout(timer));
    onEnd(tool, child, 'close', (why) => {
      // A program that we killed has its reason already.
      if (!child.killed) resolve(why);
    });
    child.stdin?.end(input);
  });
  const stderr = output.stderr.join('');
  const message = firstError(stderr);
  const exited = failure?.startsWith(`${tool.command}: exit status`) === true && message !== '';
  return {
    failure: exited ? `${tool.command}: ${refusalOf(tool, message) ?? message}` : failure,
    stdout: output.stdout.join(''),
    stderr,
  };
}

/**
 * Starts a program with pipes, in its own session, so that signals from the daemon's terminal do not reach it. Returns
 * the reason when there is no free descriptor. The `error` event reports a missing program.
 */
export function startTool(tool: Tool, args: readonly string[]): ChildProcess | string {
  try {
    const child = spawn(tool.command, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      // Nothing from the user: no translations, no history file, no terminal.
      env: { PATH: fullPath(env.PATH), LC_ALL: 'C', HOME: '/nonexistent', TERM: 'dumb' },
    });
    // It may end before it has read all; the `exit` event reports that.
    child.stdin?.on('error', () => {});
    return child;
  } catch (error) {
    return startFailure(tool, error as NodeJS.ErrnoException);
  }
}

/** Calls `done` once: with null for exit status 0, else with what happened in one line. */
export function onEnd(
  tool: Tool,
  child: ChildProcess,
  event: 'exit' | 'close',
  done: (failure: Failure) => void,
): void {
  child.once('error', (error) => done(startFailure(tool, error)));
  child.once(event, (status, signal) => {
    if (signal !== null) done(`${tool.command}: killed by ${signal}`);
    else done(status === 0 ? null : `${tool.command}: exit status ${status}`);
  });
}

/** The first error message on a program's stderr, without its prefix; empty when there is none. */
export function firstError(stderr: string): string {
  const lines = stderr.split('\n', MAX_LINES).filter((text) => !text.startsWith('#') && text.trim() !== '');
  const line = lines.find((text) => ERROR_LINE.test(text)) ?? lines[0] ?? '';
  return oneLine(line.replace(ERROR_PREFIX, ''));
}

/** Lines that are searched; warnings may come first. */
const MAX_LINES = 64;
const ERROR_LINE = /^(\S+: )?Error: |^ip\S+ v|^RTNETLINK answers: /;
/** Such as `/dev/stdin:1:5-9: Error: ` of nft, `ipset v7.17: ` or `iptables v1.8.9 (nf_tables): `. */
const ERROR_PREFIX = /^(\S+: )?Error: |^ip6?(set|tables(-restore)?) v[^:]*: /;

/** The words of a program that the kernel refuses. "(you must be root)" would be no help to root. */
const REFUSED = /not permitted|permission denied|must be root/i;

/** Which capability is missing, when that is why the kernel refused; else null. */
export function refusalOf({ needs = ['CAP_NET_ADMIN'] }: Tool, message: string): string | null {
  const missing = REFUSED.test(message) ? missingInPrograms(needs) : [];
  return missing.length === 0 ? null : describeMissing(missing);
}

function startFailure({ command, package: from }: Tool, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `${command}: not found; install ${from}`;
  return `${command}: cannot be started: ${oneLine(error.message)}`;
}
