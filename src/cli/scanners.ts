import { loadConfigOrDefault } from '../config/load.ts';
import type { ScannerInfo } from '../control/scanners.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { formatTime } from '../record/times.ts';
import { askDaemon, findSocket } from './ask.ts';
import type { ScannerSort, ScannersOptions } from './invocation.ts';
import { jsonLine } from './json.ts';
import { readSpan } from './moments.ts';
import { type CommandOutput, PIECE_CHARS } from './output.ts';
import { MAX_PAST_SOURCES, PastSources } from './past-sources.ts';
import { doneText, kindsText, portsText, type ScannerRow } from './scanner-text.ts';
import { renderTable } from './table.ts';
import { clip, shownText } from './terminal-text.ts';

const DAY_MS = 86_400_000;

/** Cells of a text of an event file, which may be of any length. */
const MAX_CELLS = 40;

/**
 * `portsentry scanners`: prints the sources of the daemon and those of the event files, each once. Without a daemon it says so
 * on stderr and prints those of the event files. Throws a CommandError: 64 for a wrong option; without a daemon and without
 * an event file what `askDaemon` says.
 */
export async function runScanners(options: ScannersOptions, output: CommandOutput): Promise<Exit> {
  const now = Date.now();
  const since = options.since === undefined ? now - DAY_MS : readSpan({ since: options.since }, now).since;
  const limit = readLimit(options.limit);
  const eventFile = eventFileOf(options.configfile);
  const past = eventFile === null ? null : await readPast(eventFile, since, output);
  const live = await liveSources(options, since, past !== null, output);
  const rows = inOrder(merge(live, past, now), options.sort).slice(0, limit);
  if (options.json) await streamRows(rows, output);
  else await output.stdout(renderScanners(rows, now));
  return Exit.ok;
}

/** The table of the sources. */
export function renderScanners(rows: readonly ScannerRow[], now: number): string {
  if (rows.length === 0) return 'Nobody has probed a port in this time.\n';
  const cells = rows.map((row) =>
    [
      row.source,
      formatTime(row.firstSeen),
      formatTime(row.lastSeen),
      String(row.probes),
      portsText(row),
      kindsText(row),
      row.tool ?? '-',
      row.shape,
      doneText(row, now),
    ].map((text, column) => (column === LAST_COLUMN ? shownText(text) : clip(shownText(text), MAX_CELLS))),
  );
  return renderTable(HEADINGS, cells);
}

const HEADINGS = ['SOURCE', 'FIRST', 'LAST', 'PROBES', 'PORTS', 'KINDS', 'TOOL', 'SHAPE', 'DONE'];
const LAST_COLUMN = HEADINGS.length - 1;

/**
 * Each source once. A source that the daemon tracks may have been summed up in the event file, also during the same scan; its
 * numbers of today are the daemon's, and older scans add to them.
 */
export function merge(live: readonly ScannerInfo[], past: PastSources | null, now: number): ScannerRow[] {
  const rows = new Map<string, ScannerRow>();
  for (const row of past?.rows(now) ?? []) rows.set(row.source, row);
  for (const row of live) {
    const before = rows.get(row.source);
    const earlier = past?.probesBefore(row.source, row.firstSeen) ?? 0;
    rows.set(row.source, before === undefined ? row : together(row, before, earlier));
  }
  return [...rows.values()];
}

/** `earlier` probes of the past are not the live scan's own. */
function together(live: ScannerInfo, past: ScannerRow, earlier: number): ScannerRow {
  return {
    ...live,
    firstSeen: Math.min(live.firstSeen, past.firstSeen),
    probes: live.probes + earlier,
    ports: Math.max(live.ports, past.ports),
    atLeast: live.atLeast || (earlier > 0 && (past.atLeast || live.ports !== past.ports)),
    targets: Math.max(live.targets, past.targets),
    kinds: [...new Set<string>([...live.kinds, ...past.kinds])],
    tool: live.tool ?? past.tool,
  };
}

function inOrder(rows: readonly ScannerRow[], sort: ScannerSort): ScannerRow[] {
  const bySource = (a: ScannerRow, b: ScannerRow) =>
    a.source.localeCompare(b.source, 'en', { numeric: true });
  if (sort === 'source') return rows.toSorted(bySource);
  const field = ({ last: 'lastSeen', first: 'firstSeen', probes: 'probes', ports: 'ports' } as const)[sort];
  return rows.toSorted((a, b) => b[field] - a[field] || b.lastSeen - a.lastSeen || bySource(a, b));
}

/** The sources of the daemon; none where it cannot be asked and the event files answer instead. */
async function liveSources(
  { configfile }: ScannersOptions,
  since: number | null,
  hasPast: boolean,
  output: CommandOutput,
): Promise<ScannerInfo[]> {
  const sources: ScannerInfo[] = [];
  try {
    const socket = findSocket(configfile, output);
    for await (const { scanner } of askDaemon(socket, { command: 'scanners', since })) {
      if (scanner !== undefined) sources.push(scanner as ScannerInfo);
    }
  } catch (error) {
    if (!(error instanceof CommandError) || !hasPast) throw error;
    output.stderr(`portsentry: ${error.message}; these are the sources of EVENT_FILE\n`);
  }
  return sources;
}

/** What the event files say; null when none can be read, which is said. */
async function readPast(
  path: string,
  since: number | null,
  output: CommandOutput,
): Promise<PastSources | null> {
  const { openEventFiles } = await import('../report/event-files.ts');
  const { readEventFiles } = await import('./read-event-files.ts');
  const { files, troubles } = openEventFiles(path);
  const past = new PastSources();
  const read = await readEventFiles(files, { since, until: null }, (event) => past.take(event));
  for (const trouble of [...troubles, ...read.troubles]) output.stderr(`portsentry: ${trouble}\n`);
  if (past.leftOut > 0) {
    const left = `${past.leftOut} more sources of EVENT_FILE, seen longest ago, are left out`;
    output.stderr(`portsentry: ${left}: at most ${MAX_PAST_SOURCES} are kept; choose a later --since\n`);
  }
  return files.length === 0 ? null : past;
}

/** EVENT_FILE; a configuration with errors still says it. */
function eventFileOf(configfile: string | undefined): string | null {
  const loaded = loadConfigOrDefault(configfile);
  if (loaded.status !== 'read') throw new CommandError(Exit.noInput, loaded.reason);
  return loaded.config === null
    ? (loaded.settings.get('EVENT_FILE')?.value ?? null)
    : loaded.config.eventFile;
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CommandError(Exit.usage, `--limit: expected a number from 1 on, found "${text}"`);
}

async function streamRows(rows: readonly ScannerRow[], output: CommandOutput): Promise<void> {
  let piece = '';
  for (const row of rows) {
    piece += jsonLine(row);
    if (piece.length < PIECE_CHARS) continue;
    await output.stdout(piece);
    piece = '';
  }
  await output.stdout(piece);
}
