import { formatFinding } from '../config/finding.ts';
import { loadConfigOrDefault } from '../config/load.ts';
import type { HealthCheck, Status } from '../control/status.ts';
import { folderFindings, ignoreFileFindings } from '../preflight/check-files.ts';
import { userFindings } from '../preflight/check-user.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { askFor, findSocket } from './ask.ts';
import { tryFilter } from './doctor/filter.ts';
import type { QuestionOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { tellSpan } from './spans.ts';

/**
 * `portsentry doctor`: looks for what keeps the daemon from its work. Exit code 0 when nothing does, else 69. Throws
 * a CommandError, 77, when it may not ask the daemon.
 */
export async function runDoctor({ configfile, json }: QuestionOptions, output: CommandOutput): Promise<Exit> {
  const checks: HealthCheck[] = [];
  const add = async (check: HealthCheck) => {
    checks.push(check);
    if (!json) await output.stdout(renderCheck(check));
  };
  for (const check of checkConfiguration(configfile)) await add(check);
  await untilInterrupted(async (signal) => {
    for await (const check of checkDaemon(configfile, output, signal)) await add(check);
  });
  const healthy = checks.every(({ result }) => result !== 'fail');
  if (json) await output.stdout(`${JSON.stringify({ healthy, checks })}\n`);
  return healthy ? Exit.ok : Exit.unavailable;
}

const LABELS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const;

/** As long as the longest name of a check. */
const NAME_WIDTH = 13;

/** One line: how it is, what was looked at, and what to do. */
export function renderCheck({ result, name, message }: HealthCheck): string {
  return `${LABELS[result]}  ${name.padEnd(NAME_WIDTH)}  ${message}\n`;
}

/** What in the configuration will surprise. */
function checkConfiguration(configfile: string | undefined): HealthCheck[] {
  const name = 'configuration';
  const loaded = loadConfigOrDefault(configfile);
  if (loaded.status !== 'read') return [{ name, result: 'fail', message: loaded.reason }];
  const findings = [
    ...loaded.findings,
    ...folderFindings(loaded),
    ...ignoreFileFindings(loaded),
    ...userFindings(loaded),
  ];
  const surprises = findings.filter(({ severity }) => severity !== 'note');
  if (surprises.length === 0) {
    const file = loaded.config?.file ?? null;
    if (file !== null) return [{ name, result: 'ok', message: `${file}: nothing in it will surprise` }];
    return [{ name, result: 'warn', message: 'no file: the built-in defaults only log; write one' }];
  }
  return surprises.map((finding) => {
    const result = finding.severity === 'error' ? 'fail' : 'warn';
    return { name, result, message: formatFinding(finding) };
  });
}

/** What the daemon says of itself, and whether it sees a probe. */
async function* checkDaemon(
  configfile: string | undefined,
  output: Pick<CommandOutput, 'stderr'>,
  signal: AbortSignal,
): AsyncGenerator<HealthCheck> {
  const name = 'daemon';
  try {
    const socket = findSocket(configfile, output);
    const status = await askFor<Status>(socket, { command: 'status' }, 'status');
    const up = `portsentry ${status.version}, pid ${status.pid}, up ${tellSpan(status.uptime * 1000)}`;
    yield { name, result: 'ok', message: up };
    yield* await askFor<HealthCheck[]>(socket, { command: 'health' }, 'checks');
    yield await tryFilter(socket, status, signal);
  } catch (error) {
    if (!(error instanceof CommandError) || error.exit === Exit.noPermission) throw error;
    yield { name, result: 'fail', message: error.message };
  }
}

/** Ctrl-C ends the trial and not the program, which has to clear away what it made. */
async function untilInterrupted(look: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, interrupt);
  try {
    await look(interruption.signal);
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}
