#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
import { type Invocation, parseArguments, type RunOptions } from './cli/args.ts';
import { isInBackground, reportStart, runInBackground } from './cli/background.ts';
import { runCheck } from './cli/check.ts';
import { completionScript } from './cli/completion.ts';
import { CommandError, Exit } from './cli/exit.ts';
import { standardStreams } from './cli/output.ts';
import type { Daemon } from './daemon.ts';

/** What `ps` shows for a process that runs a detector; its short name is the first of it. */
const NAME = 'portsentry';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(await parseArguments(argv, version()), argv);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${NAME}: ${error.message}\n`);
    reportStart(error.message);
    return error.exit;
  }
}

async function dispatch(invocation: Invocation, argv: readonly string[]): Promise<number> {
  switch (invocation.command) {
    case 'print':
      process.stdout.write(invocation.text);
      return Exit.ok;
    case 'check':
      return runCheck(invocation, {
        stdout: (text) => process.stdout.write(text),
        stderr: (text) => process.stderr.write(text),
      });
    case 'replay':
      return (await import('./cli/replay.ts')).runReplay(invocation);
    case 'completion':
      process.stdout.write(completionScript(invocation.shell, process.env.SHELL));
      return Exit.ok;
    case 'status':
      return (await import('./cli/status.ts')).runStatus(invocation, standardStreams());
    case 'list':
      return (await import('./cli/list.ts')).runList(invocation, standardStreams());
    case 'block':
      return (await import('./cli/block.ts')).runBlock(invocation, standardStreams());
    case 'unblock':
      return (await import('./cli/unblock.ts')).runUnblock(invocation, standardStreams());
    case 'why':
      return (await import('./cli/why.ts')).runWhy(invocation, standardStreams());
    case 'doctor':
      return (await import('./cli/doctor.ts')).runDoctor(invocation, standardStreams());
    case 'run':
      if (!invocation.daemon) return runLive(invocation, argv);
      if (!isInBackground()) return runInBackground(process.argv[1] as string, argv);
      return runLive({ ...invocation, logoutput: ['syslog'] }, argv);
  }
}

/** Runs until a signal ends it. */
async function runLive(options: RunOptions, argv: readonly string[]): Promise<number> {
  showName(argv);
  const daemons = await import('./daemon.ts');
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const starting = daemons.Daemon.start(options, version());
  // Before it listens, too: who waits for the line that says so may send the signal at once. A start that
  // fails has nothing to read again.
  const readAgain = (daemon: Daemon) => daemon.reload();
  process.on('SIGHUP', () => void starting.then(readAgain, () => {}));
  const daemon = await starting;
  reportStart(null);
  await ended;
  await daemon.stop();
  // What a command left running must not keep the process.
  process.exit(Exit.ok);
}

function showName(argv: readonly string[]): void {
  process.title = [NAME, ...argv].join(' ');
  // The title also became the short name, cut off; monitoring looks for the plain one.
  writeFileSync('/proc/self/comm', NAME);
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
