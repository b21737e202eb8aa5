import { runTool, type Tool } from '../commands/tool.ts';
import type { HealthCheck } from '../control/status.ts';
import type { LogDestinations } from './outputs.ts';

const LOGGER: Tool = { command: 'logger', package: 'bsdutils (util-linux)' };

/** Another name than ours, so that no reader of our lines takes it for one. */
const TAG = 'portsentry-doctor';

/** Tries the place where the log lines go. `logger` must take a line, as it does for ours. */
export async function logHealth(
  { stdout, isJournal, syslog, wantsSyslog, socket }: LogDestinations,
  tool = LOGGER,
): Promise<HealthCheck> {
  const name = 'log';
  if (isJournal) return { name, result: 'ok', message: 'the journal has every line' };
  if (!syslog) {
    if (!wantsSyslog)
      return { name, result: 'skip', message: 'lines go to standard output alone (--logoutput)' };
    const message = `lines go to standard output alone: there was no ${socket} at the start`;
    return { name, result: 'warn', message };
  }
  const text = 'A test line of portsentry doctor.';
  const options = ['--socket-errors=on', '--priority', 'daemon.debug', '--tag', TAG];
  const { failure } = await runTool(tool, [...options, '--socket', socket, '--', text]);
  if (failure === null) return { name, result: 'ok', message: `${socket} took a test line (${TAG})` };
  const why = failure.replace(/^(logger: )+/, '');
  const rest = stdout ? '; lines go to standard output alone' : '; lines are kept for a while, then lost';
  return { name, result: stdout ? 'warn' : 'fail', message: `syslog takes no line: ${why}${rest}` };
}
