import { endpointsText } from '../record/found-text.ts';
import { kindsText, spanText } from '../record/scan-text.ts';
import { formatMillisecond } from '../record/times.ts';
import { Findings } from '../replay/findings.ts';
import { type PacketCount, type Summary, type SummaryParts, summarize } from '../replay/summary.ts';
import { summaryJson } from '../replay/summary-json.ts';
import { PortPlot } from '../report/port-plot.ts';
import type { ScanEvent } from '../track/event.ts';
import type { LineOutput } from './replay-output.ts';
import { renderRows, renderTable } from './table.ts';
import { isTerminal, STDERR } from './terminal.ts';
import { shownText } from './terminal-text.ts';

/** What gathers a summary, and writes it. */
export interface SummaryWriter {
  readonly findings: Findings;
  /** `ms` is how long the replay took. JSON goes to the output, text to standard error. */
  write(parts: Omit<SummaryParts, 'findings'>, ms: number, output: LineOutput): void;
}

/** Begins to gather a summary. As text on a terminal it has a plot. `salt` randomizes hashes. */
export function openSummary(format: 'text' | 'json', salt: number): SummaryWriter {
  const plot = format === 'text' && isTerminal(STDERR) ? new PortPlot() : null;
  const findings = new Findings(plot, salt);
  return {
    findings,
    write(parts, ms, output) {
      const summary = summarize({ ...parts, findings });
      if (format === 'json') output.line(summaryJson(summary));
      else {
        // What the summary sums up comes before it.
        output.flush();
        process.stderr.write(renderSummary(summary, plot, ms));
      }
    },
  };
}

/** The summary for people; `ms` is how long the replay took. */
export function renderSummary(summary: Summary, plot: PortPlot | null, ms: number): string {
  return [
    renderRows(rowsOf(summary, ms)),
    plotText(plot),
    topSourcesText(summary.topSources),
    topPortsText(summary),
    hintsText(summary),
  ]
    .filter((part) => part !== '')
    .join('');
}

function rowsOf(summary: Summary, ms: number): string[][] {
  const { files, comments, first, last, linkTypes, packets, leftOut, probes, scans } = summary;
  return [
    ...(files > 1 ? [['files', String(files)]] : []),
    ...comments.map((comment) => ['comment', shownText(comment)]),
    ...(first === null || last === null ? [] : spanRows(first, last)),
    ...(linkTypes.length === 0 ? [] : [['link types', linkTypesText(linkTypes)]]),
    ['packets', String(packets)],
    ...leftOut.map(({ name, packets: count }) => [`  ${name}`, String(count)]),
    ['probes', String(probes)],
    ['scans', String(scans)],
    ['sources', `${summary.hasMoreSources ? 'at least ' : ''}${summary.sources}`],
    ['targets', `${summary.hasMoreTargets ? 'at least ' : ''}${summary.targets}`],
    ['time', `${(ms / 1000).toFixed(3)} s`],
    ['packets per second', ms > 0 ? String(Math.round((packets / ms) * 1000)) : '-'],
  ];
}

function spanRows(first: number, last: number): string[][] {
  return [
    ['first packet', formatMillisecond(first)],
    ['last packet', formatMillisecond(last)],
    ['length', spanText(last - first)],
  ];
}

/** One type by its name alone. */
function linkTypesText(types: readonly PacketCount[]): string {
  if (types.length === 1) return (types[0] as PacketCount).name;
  return types.map(({ name, packets }) => `${name} (${packets})`).join(', ');
}

function plotText(plot: PortPlot | null): string {
  const lines = plot?.lines() ?? [];
  if (plot === null || lines.length === 0) return '';
  const [first, last] = [formatMillisecond(plot.first), formatMillisecond(plot.last)];
  const axis = `${' '.repeat(PortPlot.width - first.length - last.length)}`;
  return `\nPorts by time\n${lines.join('\n')}\n${first}${axis}${last}\n`;
}

function topSourcesText(events: readonly ScanEvent[]): string {
  if (events.length === 0) return '';
  const headings = [
    'source',
    'first',
    'duration',
    'kinds',
    'probes',
    'ports',
    'targets',
    'tool',
    'shape',
    'found',
  ];
  const rows = events.map((event) => [
    event.shape === 'flood'
      ? `${event.sources} sources`
      : event.sources > 1
        ? `${event.source} and ${event.sources - 1} more`
        : event.source,
    formatMillisecond(event.first),
    spanText(event.last - event.first),
    kindsText(event.kinds),
    String(event.probes),
    event.shape === 'arp sweep' ? '-' : `${event.atLeast ? 'at least ' : ''}${event.ports}`,
    String(event.targets),
    event.tool ?? '-',
    event.shape,
    event.answered === null || event.answered.length === 0 ? '-' : endpointsText(event.answered),
  ]);
  return `\nTop sources\n${renderTable(headings, rows)}`;
}

function topPortsText({ topPorts }: Summary): string {
  if (topPorts.length === 0) return '';
  const rows = topPorts.map(({ transport, port, probes }) => [
    `${transport.toUpperCase()} ${port}`,
    String(probes),
  ]);
  return `\nMost probed ports\n${renderTable(['port', 'probes'], rows)}`;
}

function hintsText({ hints }: Summary): string {
  return hints.length === 0 ? '' : `\n${hints.join('\n')}\n`;
}
