#!/usr/bin/env node
import type { Invocation } from './cli/invocation.ts';
import { standardStreams } from './cli/output.ts';
import { versionText } from './cli/version.ts';
import { programVersion } from './files/program.ts';
import { CommandError, Exit } from './preflight/exit.ts';
import { refuseOldNode } from './preflight/old-node.ts';
import type { RunOptions } from './preflight/run-options.ts';

/** The name in front of each message. */
const NAME = 'portsentry';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    refuseOldNode(process.versions.node);
    return (await plainReplayOf(argv)) ?? (await dispatch(await invocationOf(argv), argv));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${NAME}: ${error.message}\n`);
    await report(error.message);
    return error.exit;
  }
}

/** Runs a replay whose command line needs no option parser: to load that one takes as long as a small capture. */
async function plainReplayOf(argv: readonly string[]): Promise<number | null> {
  if (argv[0] !== 'replay') return null;
  return (await import('./cli/replay-start.ts')).startPlainReplay(argv);
}

/** Each module is loaded only by what needs it: most of the time of a short command goes into loading. */
async function invocationOf(argv: readonly string[]): Promise<Invocation> {
  const version = programVersion();
  const text = await versionText(argv, version);
  if (text !== null) return { command: 'print', text };
  return (await import('./cli/args.ts')).parseArguments(argv, version);
}

async function dispatch(invocation: Invocation, argv: readonly string[]): Promise<number> {
  switch (invocation.command) {
    case 'print':
      await standardStreams().stdout(invocation.text);
      return Exit.ok;
    case 'check':
      return (await import('./cli/check.ts')).runCheck(invocation, standardStreams());
    case 'replay':
      return (await import('./cli/replay-start.ts')).startReplay(invocation);
    case 'report':
      (await import('./cli/compile-later.ts')).compileLater();
      return (await import('./cli/report.ts')).runReport(invocation, standardStreams());
    case 'completion': {
      const { completionScript } = await import('./cli/completion-script.ts');
      await standardStreams().stdout(completionScript(invocation.shell, process.env.SHELL));
      return Exit.ok;
    }
    case 'status':
      return (await import('./cli/status.ts')).runStatus(invocation, standardStreams());
    case 'list':
      return (await import('./cli/list.ts')).runList(invocation, standardStreams());
    case 'lists':
      return (await import('./cli/lists.ts')).runLists(invocation, standardStreams());
    case 'scanners':
      return (await import('./cli/scanners.ts')).runScanners(invocation, standardStreams());
    case 'top':
      return (await import('./cli/top/top.ts')).runTop(invocation, standardStreams());
    case 'share':
      return (await import('./cli/share.ts')).runShare(invocation, standardStreams());
    case 'block':
      return (await import('./cli/block.ts')).runBlock(invocation, standardStreams());
    case 'unblock':
      return (await import('./cli/unblock.ts')).runUnblock(invocation, standardStreams());
    case 'why':
      return (await import('./cli/why.ts')).runWhy(invocation, standardStreams());
    case 'metrics':
      return (await import('./cli/metrics.ts')).runMetrics(invocation, standardStreams());
    case 'doctor':
      return (await import('./cli/doctor.ts')).runDoctor(invocation, standardStreams());
    case 'notify':
      return (await import('./cli/notify.ts')).runNotify(invocation, standardStreams());
    case 'logs':
      return (await import('./cli/logs.ts')).runLogs(invocation, standardStreams());
    case 'setup':
      return (await import('./service/setup/setup.ts')).runSetup(invocation, standardStreams());
    case 'run':
      return run(invocation, argv);
  }
}

/** Runs the detector in the foreground or in the background, as root or as USER. */
async function run(options: RunOptions, argv: readonly string[]): Promise<number> {
  if (options.daemon && process.send !== undefined)
    return runLive({ ...options, logoutput: ['syslog'] }, argv);
  const program = process.argv[1] as string;
  const handOver = (await import('./service/run-as.ts')).planHandOver(options);
  if (options.daemon)
    return (await import('./cli/background.ts')).runInBackground(program, argv, handOver?.command);
  if (handOver === null) return runLive(options, argv);
  return (await import('./service/run-as-parent.ts')).runAsParent(handOver, program, argv);
}

async function runLive(options: RunOptions, argv: readonly string[]): Promise<number> {
  const live = await import('./daemon/live.ts');
  return live.runLive(options, argv, { version: programVersion(), ready: () => report(null) });
}

/** Reports the outcome of the start to the parent of a process in the background. */
async function report(failure: string | null): Promise<void> {
  if (process.send !== undefined) (await import('./cli/background.ts')).reportStart(failure);
}
