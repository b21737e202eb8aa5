import { spawn } from 'node:child_process';
import { Exit } from '../preflight/exit.ts';
import { handOn, takePassedSockets } from './passed-sockets.ts';
import type { HandOver } from './run-as.ts';

/** The signals that the daemon handles. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs the daemon as another user in a child, forwards signals to it, and resolves to its exit code. This process stays
 * because Node cannot exec another program. It gives up root, too.
 */
export async function runAsParent(
  { account, command }: HandOver,
  program: string,
  argv: readonly string[],
): Promise<number> {
  // WATCHDOG_PID is the ID of this process, and the daemon has another (sd_watchdog_enabled(3)).
  const passed = handOn(takePassedSockets(process.env, process.pid));
  const { WATCHDOG_PID: _, ...env } = process.env;
  const [setpriv, ...args] = [...command, '--pdeathsig=TERM', process.execPath, program, ...argv];
  // A new session, so that a signal from the terminal does not arrive twice.
  const daemon = spawn(setpriv as string, args, {
    stdio: ['inherit', 'inherit', 'inherit', ...passed.stdio],
    env: { ...env, ...passed.env },
    detached: true,
  });
  const ended = new Promise<number>((resolve) => {
    daemon.once('exit', (code, signal) => resolve(code ?? reportSignal(signal)));
    daemon.once('error', (error) => {
      process.stderr.write(`portsentry: USER="${account.name}": ${error.message}\n`);
      resolve(Exit.unavailable);
    });
  });
  for (const signal of SIGNALS) process.on(signal, () => daemon.kill(signal));
  process.chdir('/');
  process.setgroups?.([]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
  return ended;
}

/** Reports that a signal ended the daemon, as a shell does. */
function reportSignal(signal: NodeJS.Signals | null): number {
  process.stderr.write(`portsentry: ended by ${signal}\n`);
  return Exit.software;
}
