#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
import { type Invocation, parseArguments, type RunOptions } from './cli/args.ts';
import { runCheck } from './cli/check.ts';
import { CommandError, Exit } from './cli/exit.ts';

/** What `ps` shows for a process that runs a detector; its short name is the first of it. */
const NAME = 'portsentry';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(await parseArguments(argv, version()), argv);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${NAME}: ${error.message}\n`);
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
    case 'run':
      return runLive(invocation, argv);
  }
}

/** Runs until a signal ends it. */
async function runLive(options: RunOptions, argv: readonly string[]): Promise<number> {
  showName(argv);
  const { Daemon } = await import('./daemon.ts');
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const starting = Daemon.start(options, version());
  const daemon = await Promise.race([starting, ended.then(() => starting)]);
  process.on('SIGHUP', () => void daemon.reload());
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
