import { formatFinding } from '../config/finding.ts';
import { loadConfigOrDefault } from '../config/load.ts';
import type { HealthCheck, Status } from '../control/status.ts';
import { folderFindings, ignoreFileFindings } from '../preflight/check-files.ts';
import { notifyFindings } from '../preflight/check-notify.ts';
import { userFindings } from '../preflight/check-user.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { askFor, BLOCK_TIMEOUT_MS, findSocket } from './ask.ts';
import { type Paint, PLAIN } from './colour.ts';
import { tryFilter } from './doctor/filter.ts';
import type { QueryOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { formatDuration } from './times.ts';

/**
 * `portsentry doctor`: checks the configuration and the daemon. Returns exit code 69 when a check fails, else 0. Throws
 * a CommandError (77) when it may not query the daemon.
 */
export async function runDoctor({ configfile, json }: QueryOptions, output: CommandOutput): Promise<Exit> {
  const checks: HealthCheck[] = [];
  const add = async (check: HealthCheck) => {
    checks.push(check);
    if (!json) await output.stdout(renderCheck(check, output.paint));
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

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const;

/** The length of the longest name of a check. */
const NAME_WIDTH = 13;

/** One line: the result, the name of the check, and what to do. */
export function renderCheck({ result, name, message }: HealthCheck, paint: Paint = PLAIN): string {
  return `${paint(STYLES[result], LABELS[result])}  ${name.padEnd(NAME_WIDTH)}  ${message}\n`;
}

/** The problems of the configuration. */
function checkConfiguration(configfile: string | undefined): HealthCheck[] {
  const name = 'configuration';
  const loaded = loadConfigOrDefault(configfile);
  if (loaded.status !== 'read') return [{ name, result: 'fail', message: loaded.reason }];
  const findings = [
    ...loaded.findings,
    ...folderFindings(loaded),
    ...ignoreFileFindings(loaded),
    ...userFindings(loaded),
    ...notifyFindings(loaded, { rights: process.geteuid?.() === 0 }),
  ];
  const problems = findings.filter(({ severity }) => severity !== 'note');
  if (problems.length === 0) {
    const file = loaded.config?.file ?? null;
    if (file !== null) return [{ name, result: 'ok', message: `${file}: no problems found` }];
    return [{ name, result: 'warn', message: 'no file: the built-in defaults only log; write one' }];
  }
  return problems.map((finding) => {
    const result = finding.severity === 'error' ? 'fail' : 'warn';
    return { name, result, message: formatFinding(finding) };
  });
}

/** The checks that the daemon makes of itself, then the test probe. */
async function* checkDaemon(
  configfile: string | undefined,
  output: Pick<CommandOutput, 'stderr'>,
  signal: AbortSignal,
): AsyncGenerator<HealthCheck> {
  const name = 'daemon';
  try {
    const socket = findSocket(configfile, output);
    const status = await askFor<Status>(socket, { command: 'status' }, 'status');
    const up = `portsentry ${status.version}, pid ${status.pid}, up ${formatDuration(status.uptime * 1000)}`;
    yield { name, result: 'ok', message: up };
    yield* await askFor<HealthCheck[]>(socket, { command: 'health' }, 'checks', BLOCK_TIMEOUT_MS);
    yield* tryFilter(socket, status, signal);
  } catch (error) {
    if (!(error instanceof CommandError) || error.exit === Exit.noPermission) throw error;
    yield { name, result: 'fail', message: error.message };
  }
}

/** Ctrl-C ends the test probe and not the process, which must first clean up. */
async function untilInterrupted(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, interrupt);
  try {
    await run(interruption.signal);
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}
