import { formatMillisecond, formatTime } from '../record/times.ts';
import type { NamedCount } from '../report/named-counts.ts';
import { outcomeText } from '../report/outcome-text.ts';
import { PortPlot } from '../report/port-plot.ts';
import type { Report, ReportedOrigin, ReportedSource } from '../report/report.ts';
import { renderRows, renderTable } from './table.ts';

/** Countries, kinds and the like that the text names. */
const MAX_ROWS = 10;

/** The longest name in a table of a terminal, in characters. */
const MAX_NAME_CHARS = 60;

/** The report for people in a terminal. */
export function renderReport(report: Report): string {
  const parts = [
    renderRows(factsOf(report)),
    report.hints.map((hint) => `\n${hint}\n`).join(''),
    plotText(report),
    barsText(report),
    sourcesText(report),
    originsText('Countries', report.countries),
    originsText('Networks', report.networks),
    portsText(report),
    countsText('Kinds', 'scans', report.kinds),
    countsText('Tools', 'scans', report.tools),
    countsText('Shapes', 'scans', report.shapes),
    countsText('Blocks by method', 'blocks', report.blocks.methods),
    countsText('How blocks ended', 'blocks', report.blocks.ends),
    countsText('Spared by a rule', 'times', report.blocks.refusals),
    countsText('Failures', 'times', report.blocks.failures),
  ];
  return parts.filter((part) => part !== '').join('');
}

function factsOf(report: Report): string[][] {
  const { blocks } = report;
  const failures = blocks.failures.reduce((sum, { count }) => sum + count, 0);
  const refusals = blocks.refusals.reduce((sum, { count }) => sum + count, 0);
  return [
    ...(report.host === null ? [] : [['host', report.host]]),
    ...(report.first === null || report.last === null
      ? []
      : [
          ['first probe', formatTime(report.first)],
          ['last probe', formatTime(report.last)],
        ]),
    ['events', String(report.events)],
    ['probes', String(report.probes)],
    ['scans', String(report.scans)],
    ['sources', `${report.hasMoreSources ? 'at least ' : ''}${report.sources}`],
    ['ports', String(report.ports)],
    ['targets', `${report.hasMoreTargets ? 'at least ' : ''}${report.targets}`],
    ['blocks', `${blocks.made}${blocks.byHand > 0 ? `, ${blocks.byHand} of them by hand` : ''}`],
    ...(failures > 0 ? [['failed actions', String(failures)]] : []),
    ...(refusals > 0 ? [['spared sources', String(refusals)]] : []),
    ...(blocks.decoyGroups > 0 ? [['groups of decoys', String(blocks.decoyGroups)]] : []),
    ...(blocks.notified > 0 ? [['notifications', String(blocks.notified)]] : []),
    ...(report.modes.length > 0
      ? [['modes', shortened(report.modes.map(({ name }) => name).join(', '))]]
      : []),
  ];
}

function plotText({ plot, plotLines }: Report): string {
  if (plot === null || plotLines.length === 0) return '';
  const first = formatMillisecond(plot.start);
  const last = formatMillisecond(plot.start + plot.columns * plot.stepMs);
  return `\nPorts by time\n${plotLines.join('\n')}\n${axis(first, last)}`;
}

/** Eighths of a character. */
const BARS = '▁▂▃▄▅▆▇█';

/** One line of bars, each as long as the others, with the highest one beside it. */
function barsText({ bars, barMs }: Report): string {
  if (bars.length === 0) return '';
  const width = PortPlot.width - LEFT.length;
  const joined = Math.ceil(bars.length / width);
  const sums: number[] = [];
  for (const [index, { probes }] of bars.entries()) {
    const at = Math.floor(index / joined);
    sums[at] = (sums[at] ?? 0) + probes;
  }
  const most = sums.reduce((one, other) => Math.max(one, other), 0);
  const level = (sum: number) => Math.min(BARS.length - 1, Math.floor((sum / most) * BARS.length));
  const line = sums.map((sum) => (sum <= 0 ? ' ' : BARS[level(sum)])).join('');
  const first = formatTime((bars[0] as { start: number }).start);
  const last = formatTime((bars.at(-1) as { start: number }).start + barMs);
  return `\nProbes by time, ${Math.round(most)} at most\n${LEFT}${line.trimEnd()}\n${axis(first, last)}`;
}

const LEFT = ' '.repeat(7);

function axis(first: string, last: string): string {
  return `${first}${' '.repeat(Math.max(1, PortPlot.width - first.length - last.length))}${last}\n`;
}

function sourcesText({ topSources, otherSources, geoFiles, made }: Report): string {
  if (topSources.length === 0) return '';
  const hasOrigins = geoFiles.length > 0;
  const headings = [
    'source',
    ...(hasOrigins ? ['origin'] : []),
    'probes',
    'ports',
    'tool',
    'shape',
    'first',
    'last',
    'what was done',
  ];
  const rows = topSources.map((source) => [
    source.sources > 1 ? `${source.source} and ${source.sources - 1} more` : source.source,
    ...(hasOrigins ? [originOf(source)] : []),
    String(source.probes),
    source.shape === 'arp sweep' ? '-' : `${source.atLeast ? 'at least ' : ''}${source.ports}`,
    shortened(source.tool ?? '-'),
    shortened(source.shape ?? 'goes on'),
    formatTime(source.first),
    formatTime(source.last),
    doneText(source, made),
  ]);
  const others =
    otherSources.sources > 0 ? `and ${otherSources.sources} more with ${otherSources.probes} probes\n` : '';
  return `\nSources\n${renderTable(headings, rows)}${others}`;
}

function doneText({ outcome }: ReportedSource, made: number): string {
  const { text, time } = outcomeText(outcome, made);
  return time === null ? text : `${text} ${formatTime(time)}`;
}

function originOf({ country, asn, operator }: ReportedSource): string {
  const network = operator ?? (asn === null ? null : `AS${asn}`);
  return shortened([country, network].filter((part) => part !== null).join(' ') || '-');
}

function originsText(title: string, all: readonly ReportedOrigin[] | null): string {
  if (all === null || all.every(({ code }) => code === null)) return '';
  const rows = all.slice(0, MAX_ROWS).map(({ code, name, sources, probes }) => {
    const text = code === null ? 'not known' : name === null ? code : `${code} ${name}`;
    return [shortened(text), String(sources), String(probes)];
  });
  return `\n${title}\n${renderTable(['', 'sources', 'probes'], rows)}`;
}

function portsText({ topPorts, otherPorts }: Report): string {
  if (topPorts.length === 0) return '';
  const rows = topPorts.map(({ transport, port, service, probes }) => [
    `${transport.toUpperCase()} ${port}`,
    service ?? '-',
    String(Math.round(probes)),
  ]);
  const others =
    otherPorts.ports > 0 ? `and ${otherPorts.ports} more with ${Math.round(otherPorts.probes)} probes\n` : '';
  return `\nPorts\n${renderTable(['port', 'service', 'probes'], rows)}${others}`;
}

function countsText(title: string, unit: string, counts: readonly NamedCount[]): string {
  if (counts.length === 0) return '';
  const rows = counts.slice(0, MAX_ROWS).map(({ name, count }) => [shortened(name), String(count)]);
  return `\n${title}\n${renderTable(['', unit], rows)}`;
}

function shortened(name: string): string {
  return name.length <= MAX_NAME_CHARS ? name : `${name.slice(0, MAX_NAME_CHARS - 3)}...`;
}
