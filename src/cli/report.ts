import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import { loadConfigOrDefault } from '../config/load.ts';
import { programVersion } from '../files/program.ts';
import { configError } from '../preflight/config-error.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { buildReport } from '../report/build-report.ts';
import { closeEventFiles } from '../report/event-files.ts';
import { openOrigins } from '../report/geo.ts';
import { type EventsRead, readEventsOf, type Span } from '../report/read-events.ts';
import type { Report } from '../report/report.ts';
import { EventSums } from '../report/sums.ts';
import type { ReportOptions } from './invocation.ts';
import { readSpan } from './moments.ts';
import { type CommandOutput, PIECE_CHARS } from './output.ts';
import { readEventFiles } from './read-event-files.ts';
import { namedFiles, ownEvents, type ReportInput } from './report-input.ts';
import { keepHeapSmall } from './small-heap.ts';

/**
 * `portsentry report`: sums up what the events of this host, of other files or of captures say. Returns 65 when a file is
 * damaged or has no events at all; the report has the rest. Throws a CommandError for what cannot be read or written.
 */
export async function runReport(options: ReportOptions, output: CommandOutput): Promise<Exit> {
  keepHeapSmall();
  const made = Date.now();
  const span = readSpan(options, made);
  const config = readConfig(options.configfile);
  const input =
    options.files.length === 0 ? ownEvents(config) : await namedFiles(options.files, () => process.stdin);
  await checkPage(options, input);
  const tell = (text: string) => output.stderr(`portsentry: ${text}\n`);
  for (const trouble of input.troubles) tell(trouble);
  const sums = new EventSums(config.blockIpv6Prefix);
  const { read, exit } = await readAll(input, span, sums, options);
  for (const trouble of read.troubles) tell(trouble);
  const report = buildReport(sums, {
    version: programVersion(),
    made,
    host: input.isOwn ? hostname() : null,
    files: [
      ...input.events.map(({ path }) => path),
      ...input.streams.map(({ name }) => name),
      ...input.captures,
    ],
    ...span,
    read: { ...read, troubles: [...input.troubles, ...read.troubles] },
    top: options.top,
    origins: await openOrigins(config.geoipDb, tell),
  });
  await write(report, options, output);
  return exit;
}

/** Before anything is read, which may take long. */
async function checkPage({ html }: ReportOptions, input: ReportInput): Promise<void> {
  if (html === undefined || html === '-') return;
  try {
    (await import('./page-target.ts')).checkPageTarget(html, input);
  } catch (error) {
    closeEventFiles(input.events);
    throw error;
  }
}

function readConfig(configfile: string | undefined): Config {
  const loaded = loadConfigOrDefault(configfile);
  if (loaded.status !== 'read') throw new CommandError(Exit.noInput, loaded.reason);
  if (loaded.config !== null) return loaded.config;
  throw configError(loaded.findings);
}

async function readAll(input: ReportInput, span: Span, sums: EventSums, options: ReportOptions) {
  const take = sums.take.bind(sums);
  let exit: Exit = Exit.ok;
  const read = await readEventFiles(input.events, span, take);
  for (const { name, input: stream } of input.streams) {
    sums.endInput();
    await readEventsOf(stream, name, span, take, read);
  }
  if (read.faults > 0 || (read.badLines > 0 && read.events + read.outside === 0)) exit = Exit.dataError;
  if (input.captures.length > 0) {
    sums.endInput();
    const replayed = await replay(input.captures, span, take, read, options);
    if (replayed > exit) exit = replayed;
  }
  return { read, exit };
}

/** Runs the captures through the engine, whose events are lines as those of an event file. */
async function replay(
  files: readonly string[],
  span: Span,
  take: EventSums['take'],
  read: EventsRead,
  { configfile }: ReportOptions,
): Promise<Exit> {
  const { EventLines } = await import('./report-replay.ts');
  const lines = new EventLines(take, read);
  const { runReplay } = await import('./replay.ts');
  return runReplay({ ...REPLAY, files, configfile, ...textsOf(span) }, lines);
}

/** `replay` without options, with events as its output. */
const REPLAY = {
  mode: [],
  home: undefined,
  open: undefined,
  inferOpen: true,
  checksum: true,
  format: 'json',
  summary: 'none',
  top: 0,
  time: true,
  localCheck: true,
  port: undefined,
  source: undefined,
  extract: undefined,
  act: false,
} as const;

/** The times as `replay` takes them. */
function textsOf({ since, until }: Span) {
  const textOf = (time: number | null) => (time === null ? undefined : new Date(time).toISOString());
  return { since: textOf(since), until: textOf(until) };
}

async function write(report: Report, { html, json }: ReportOptions, output: CommandOutput): Promise<void> {
  if (html !== undefined) {
    const page = (await import('../report/html/page.ts')).reportPage(report);
    if (html === '-') await inPieces(page, output);
    else (await import('./report-output.ts')).writePage(html, page);
  }
  if (json) await output.stdout(`${(await import('../report/report-json.ts')).reportJson(report)}\n`);
  else if (html === undefined) await output.stdout((await import('./report-text.ts')).renderReport(report));
}

async function inPieces(text: string, output: CommandOutput): Promise<void> {
  for (let from = 0; from < text.length; from += PIECE_CHARS)
    await output.stdout(text.slice(from, from + PIECE_CHARS));
}
