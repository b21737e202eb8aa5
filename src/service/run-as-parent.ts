import { spawn } from 'node:child_process';
import { Exit } from '../preflight/exit.ts';
import type { HandOver } from './run-as.ts';

/** The signals that mean something to the daemon. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs the daemon as another user, and stands in for it: hands signals on, and ends as it ends. Node cannot become
 * another program, so this process stays; it gives up root, too. Resolves to the exit code.
 */
export async function standIn(
  { account, command }: HandOver,
  program: string,
  argv: readonly string[],
): Promise<number> {
  // The daemon has another number than the one that systemd knows (sd_watchdog_enabled(3)).
  const { WATCHDOG_PID: _, ...env } = process.env;
  const [setpriv, ...args] = [...command, '--pdeathsig=TERM', process.execPath, program, ...argv];
  // A session of its own: what the terminal sends is not to come twice.
  const daemon = spawn(setpriv as string, args, { stdio: 'inherit', env, detached: true });
  const ended = new Promise<number>((resolve) => {
    daemon.once('exit', (code, signal) => resolve(code ?? endBy(signal)));
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

/** As a shell tells it. */
function endBy(signal: NodeJS.Signals | null): number {
  process.stderr.write(`portsentry: ended by ${signal}\n`);
  return Exit.software;
}
