import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { startTool, type Tool } from '../../commands/tool.ts';
import { parseObject } from '../../control/protocol.ts';
import type { LogLine, LogPlace, LogQuery } from './line.ts';

const JOURNALCTL: Tool = { command: 'journalctl', package: 'systemd', needs: [] };

/** Where journald keeps its files. */
const FOLDERS = ['/run/log/journal', '/var/log/journal'];

/** The lines of the daemon in the journal; null on a host without one. `uids` are the users that it may run as. */
export function journal(uids: readonly number[]): LogPlace | null {
  if (!FOLDERS.some((folder) => existsSync(folder))) return null;
  return { name: 'the journal', isPartial: false, read: (query) => readJournal(uids, query) };
}

/**
 * journalctl follows its files through their rotation. Any user may log under our name, so the lines must come from root or
 * USER, or from the unit.
 */
async function* readJournal(
  uids: readonly number[],
  { lines, since, follow, signal }: LogQuery,
): AsyncGenerator<LogLine> {
  const child = startTool(JOURNALCTL, [
    '--no-pager',
    '--quiet',
    '--output=json',
    `--lines=${lines}`,
    ...(since === null ? [] : [`--since=@${Math.floor(since / 1_000)}`]),
    ...(follow ? ['--follow'] : []),
    'SYSLOG_IDENTIFIER=portsentry',
    ...uids.map((uid) => `_UID=${uid}`),
    '+',
    '_SYSTEMD_UNIT=portsentry.service',
  ]);
  if (typeof child === 'string') throw new Error(child);
  const end = () => child.kill('SIGKILL');
  signal.addEventListener('abort', end);
  process.once('exit', end);
  let said = '';
  let failure: string | null = null;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(0, MAX_SAID_CHARS);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => {
      failure = 'journalctl: not found; install systemd';
      resolve();
    });
    child.once('close', (status) => {
      if (status !== 0 && status !== null)
        failure = said.trim().split('\n', 1)[0] || `journalctl: exit status ${status}`;
      resolve();
    });
  });
  try {
    if (child.stdout !== null)
      for await (const text of createInterface({ input: child.stdout })) {
        const line = lineOf(text);
        if (line !== null) yield line;
      }
    await ended;
    if (failure !== null && !signal.aborted) throw new Error(failure);
  } finally {
    end();
    process.off('exit', end);
    signal.removeEventListener('abort', end);
  }
}

const MAX_SAID_CHARS = 500;

/** An entry of the journal (systemd.journal-fields(7)). Its text is a list of octets if it is no UTF-8. */
export function lineOf(json: string): LogLine | null {
  const { MESSAGE: message, __REALTIME_TIMESTAMP: microseconds } = parseObject(json) ?? {};
  const time = Number(microseconds) / 1_000;
  if (!Number.isFinite(time)) return null;
  if (typeof message === 'string') return { time, text: message };
  if (!Array.isArray(message)) return null;
  return { time, text: Buffer.from(message as number[]).toString('utf8') };
}
