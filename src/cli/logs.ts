import { existsSync } from 'node:fs';
import { DEFAULT_CONFIG_FILE, loadConfigOrDefault } from '../config/load.ts';
import { findAccount } from '../preflight/account.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { PLAIN } from './colour.ts';
import type { LogsOptions } from './invocation.ts';
import { DEFAULT_LINES, MAX_LINES } from './logs/bounds.ts';
import { logFile } from './logs/files.ts';
import { journal } from './logs/journal.ts';
import { type LogLine, type LogPlace, type LogQuery, renderLine } from './logs/line.ts';
import { nothingFound } from './logs/nothing-found.ts';
import { eventTime, parseEventLine, parseSyslogLine, syslogTime } from './logs/parse.ts';
import { readSpan } from './moments.ts';
import type { CommandOutput } from './output.ts';

/** Where syslog daemons put the facility daemon, and where administrators often put us. */
const SYSLOG_FILES = [
  '/var/log/syslog',
  '/var/log/messages',
  '/var/log/daemon.log',
  '/var/log/portsentry.log',
];

/** Two places that have the same line have it with about the same time. */
const SAME_MS = 5_000;

/**
 * `portsentry logs`: prints the daemon's own lines with local times, wherever they went. Throws a CommandError: 64 for a wrong
 * time, 66 when no line is found anywhere, 77 when the log may not be read.
 */
export async function runLogs(options: LogsOptions, output: CommandOutput): Promise<Exit> {
  const { since } = readSpan({ since: options.since }, Date.now());
  const lines = options.lines ?? (since === null ? DEFAULT_LINES : MAX_LINES);
  const places = placesOf(options, output);
  const ending = new AbortController();
  const end = () => ending.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.once(name, end);
  try {
    const { place: found, troubles } = await choose(places);
    // What is not there yet may come.
    const place = found ?? (options.follow && troubles.length === 0 ? places[0] : undefined);
    if (place === undefined) throw nothingFound(options.from, places, troubles);
    const query: LogQuery = { lines, since, follow: options.follow, signal: ending.signal };
    for await (const line of place.read(query)) await output.stdout(renderLine(line, output.paint ?? PLAIN));
    return Exit.ok;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(Exit.noInput, (error as Error).message);
  } finally {
    for (const name of signals) process.off(name, end);
  }
}

/** What the configuration says of places. One with errors still says it; so much is told. */
function settingsOf(
  configfile: string | undefined,
  output: CommandOutput,
): { readonly user: string | null; readonly eventFile: string | null } {
  const loaded = loadConfigOrDefault(configfile);
  if (loaded.status !== 'read') {
    if (configfile !== undefined) throw new CommandError(Exit.noInput, loaded.reason);
    return { user: null, eventFile: null };
  }
  if (loaded.config !== null) return loaded.config;
  const file = configfile ?? DEFAULT_CONFIG_FILE;
  output.stderr(
    `portsentry: ${file} has errors (see portsentry check); only USER and EVENT_FILE were read\n`,
  );
  const textOf = (key: string) => loaded.settings.get(key)?.value ?? null;
  return { user: textOf('USER'), eventFile: textOf('EVENT_FILE') };
}

/** The places that there are, in the order of preference. */
function placesOf({ configfile, from }: LogsOptions, output: CommandOutput): LogPlace[] {
  const { user, eventFile } = settingsOf(configfile, output);
  const uid = user === null ? null : (findAccount(user)?.uid ?? null);
  const wants = (place: LogsOptions['from']) => from === undefined || from === place;
  const now = Date.now;
  const ofJournal = wants('journal') ? journal(uid === null ? [0] : [0, uid]) : null;
  const syslog = wants('syslog') ? SYSLOG_FILES.filter((path) => existsSync(path)) : [];
  const events = wants('events') && eventFile !== null ? [eventFile] : [];
  return [
    ...(ofJournal === null ? [] : [ofJournal]),
    ...syslog.map((path) =>
      logFile({ path, isPartial: false, parse: parseSyslogLine, timeOf: syslogTime, now }),
    ),
    ...events.map((path) =>
      logFile({ path, isPartial: true, parse: parseEventLine, timeOf: eventTime, now }),
    ),
  ];
}

/**
 * The place that has the newest line: an old file may be left from another syslog daemon. The events count only where
 * nothing else has lines, because most lines of the log are none.
 */
async function choose(places: readonly LogPlace[]): Promise<{ place: LogPlace | null; troubles: Error[] }> {
  const troubles: Error[] = [];
  const found: { place: LogPlace; time: number }[] = [];
  for (const place of places) {
    try {
      const line = await lastLine(place);
      if (line !== null) found.push({ place, time: line.time });
    } catch (error) {
      troubles.push(error as Error);
    }
  }
  const whole = found.filter(({ place }) => !place.isPartial);
  const candidates = whole.length > 0 ? whole : found;
  const newest = Math.max(...candidates.map(({ time }) => time));
  const place = candidates.find(({ time }) => time >= newest - SAME_MS)?.place ?? null;
  return { place, troubles };
}

async function lastLine(place: LogPlace): Promise<LogLine | null> {
  const query = { lines: 1, since: null, follow: false, signal: new AbortController().signal };
  for await (const line of place.read(query)) return line;
  return null;
}
