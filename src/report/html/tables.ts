import type { NamedCount } from '../named-counts.ts';
import { outcomeText } from '../outcome-text.ts';
import type { Report, ReportedSource } from '../report.ts';
import { atLeast, escapeHtml, number, timeTag } from './text.ts';

/** The sources with the most probes, each with its ports and reasons in a part that opens. */
export function sourcesSection(report: Report): string {
  const { topSources, otherSources, made } = report;
  const hasOrigins = report.geoFiles.length > 0;
  const columns = hasOrigins ? 9 : 8;
  const rows = topSources.map((source) => sourceRows(source, made, hasOrigins, columns)).join('');
  const others =
    otherSources.sources > 0
      ? `<p class="dim">${number(otherSources.sources)} more sources sent ${number(otherSources.probes)} probes.</p>`
      : '';
  const heading = (text: string, kind = '') =>
    `<th scope="col"${kind === '' ? '' : ` class="${kind}"`}>${text}`;
  return `<section aria-labelledby="sources"><h2 id="sources">Sources</h2><div class="scroll" tabindex="0" role="region" aria-label="Table: sources"><table><caption>${caption(topSources.length, report.sources, 'sources')}</caption><thead><tr>${heading('Source')}${hasOrigins ? heading('Origin') : ''}${heading('Probes', 'n')}${heading('Ports', 'n')}${heading('Tool')}${heading('Shape')}${heading('First')}${heading('Last')}${heading('What was done')}</tr></thead><tbody>${rows}</tbody></table></div>${others}</section>`;
}

function sourceRows(source: ReportedSource, made: number, hasOrigins: boolean, columns: number): string {
  const { text, time, tone } = outcomeText(source.outcome, made);
  const name = source.sources > 1 ? `${source.source} and ${number(source.sources - 1)} more` : source.source;
  const origin = [source.country, source.operator ?? (source.asn === null ? null : `AS${source.asn}`)]
    .filter((part) => part !== null)
    .map(escapeHtml)
    .join(', ');
  const cells = [
    `<th scope="row" class="address">${escapeHtml(name)}`,
    ...(hasOrigins ? [`<td class="text">${origin === '' ? '-' : origin}`] : []),
    `<td class="n">${number(source.probes)}`,
    `<td class="n">${source.shape === 'arp sweep' ? '-' : atLeast(source.ports, source.atLeast)}`,
    `<td class="word">${escapeHtml(source.tool ?? '-')}`,
    `<td class="word">${escapeHtml(source.shape ?? 'goes on')}`,
    `<td>${timeTag(source.first)}`,
    `<td>${timeTag(source.last)}`,
    `<td class="text ${tone}">${escapeHtml(text)}${time === null ? '' : ` ${timeTag(time)}`}`,
  ];
  return `<tr class="head">${cells.join('')}</tr><tr class="more"><td colspan="${columns}"><details><summary>Ports, targets, reasons<span class="hidden"> of ${escapeHtml(name)}</span></summary><dl>${details(source)}</dl></details></td></tr>`;
}

function details(source: ReportedSource): string {
  const { outcome } = source;
  const facts: [string, string | null][] = [
    ['Ports', source.portRanges === '' ? null : `${source.isRough ? 'within ' : ''}${source.portRanges}`],
    ['Kinds', source.kinds.join(', ')],
    ['Targets', targetsText(source)],
    ['Scans', source.scans === 0 ? 'one that has not ended' : number(source.scans)],
    ['Evidence', source.evidence],
    ['Decoy', source.isDecoy ? 'others sent the same at the same time' : null],
    ['Network', source.asn === null ? null : `AS${source.asn} ${source.operator ?? ''}`],
    ['Country', source.countryName],
    ['Blocks', source.blocks === 0 ? null : number(source.blocks)],
    ['Method', outcome?.method ?? null],
    ['Reason', outcome?.detail ?? null],
  ];
  return facts
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value as string)}</dd>`)
    .join('');
}

function targetsText({ targets, targetNames }: ReportedSource): string {
  const more = targets - targetNames.length;
  return `${targetNames.join(', ')}${more > 0 ? `${targetNames.length > 0 ? ' and ' : ''}${number(more)} more` : ''}`;
}

/** The ports with the most probes. */
export function portsSection({ topPorts, otherPorts, ports }: Report): string {
  const rows = topPorts.map(
    ({ transport, port, service, probes }) =>
      `<tr><th scope="row" class="nowrap">${transport.toUpperCase()} ${port}<td>${escapeHtml(service ?? '-')}<td class="n">${number(probes)}</tr>`,
  );
  const half = Math.ceil(rows.length / 2);
  const table = (part: readonly string[], title: string) =>
    part.length === 0
      ? ''
      : `<table><caption>${title}</caption><thead><tr><th scope="col">Port<th scope="col">Service<th scope="col" class="n">Probes</thead><tbody>${part.join('')}</tbody></table>`;
  const others =
    otherPorts.ports > 0
      ? `<p class="dim">${number(otherPorts.ports)} more ports had ${number(otherPorts.probes)} probes.</p>`
      : '';
  return `<section aria-labelledby="top-ports"><h2 id="top-ports">Ports</h2><div class="columns">${table(rows.slice(0, half), caption(rows.length, ports, 'ports'))}${table(rows.slice(half), 'The next ones')}</div>${others}<p class="dim">Of a scan, the event file has the first probes one by one and all of them as a sum. The sum is spread evenly over the ports of the scan.</p></section>`;
}

/** Kinds, tools and shapes of the scans. */
export function scansSections({ kinds, tools, shapes }: Report): string {
  const parts = [
    countTable('Kinds', 'Kind', 'Scans', kinds),
    countTable('Tools', 'Looks like', 'Scans', tools),
    countTable('Shapes', 'Shape', 'Scans', shapes),
  ].join('');
  return parts === ''
    ? ''
    : `<section aria-labelledby="scans"><h2 id="scans">What the scans were</h2><div class="columns">${parts}</div><p class="dim">A scan may have probes of several kinds.</p></section>`;
}

/** Blocks, and what did not become one. */
export function blocksSection({ blocks }: Report): string {
  const facts = [
    [
      'Blocks',
      `${number(blocks.made)}${blocks.byHand > 0 ? `, ${number(blocks.byHand)} of them by hand` : ''}`,
    ],
    ['Failed actions', number(total(blocks.failures))],
    ['Spared sources', number(total(blocks.refusals))],
    ['Groups of decoys', decoysText(blocks)],
    ...(blocks.notified > 0 ? [['Notifications', number(blocks.notified)]] : []),
  ];
  const list = facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('');
  return `<section aria-labelledby="blocks"><h2 id="blocks">Blocks</h2><dl class="facts">${list}</dl><div class="columns">${countTable('Methods', 'Method', 'Blocks', blocks.methods)}${countTable('How blocks ended', 'End', 'Blocks', blocks.ends)}${countTable('Spared by', 'Rule', 'Times', blocks.refusals)}${countTable('Failures', 'Reason', 'Times', blocks.failures)}</div></section>`;
}

function decoysText({ decoyGroups, sparedDecoyGroups }: Report['blocks']): string {
  const spared = sparedDecoyGroups > 0 ? `, ${number(sparedDecoyGroups)} of them only logged` : '';
  return `${number(decoyGroups)}${spared}`;
}

function total(counts: readonly NamedCount[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/** Rows of one table of names, at most. */
const MAX_NAMES = 20;

function countTable(title: string, heading: string, unit: string, counts: readonly NamedCount[]): string {
  if (counts.length === 0) return '';
  const rest = counts.slice(MAX_NAMES);
  const shown = [
    ...counts.slice(0, MAX_NAMES),
    ...(rest.length === 0 ? [] : [{ name: `${rest.length} more`, count: total(rest) }]),
  ];
  const rows = shown.map(
    ({ name, count }) =>
      `<tr><th scope="row" class="text">${escapeHtml(name)}<td class="n">${number(count)}</tr>`,
  );
  return `<div><h3>${title}</h3><table><thead><tr><th scope="col">${heading}<th scope="col" class="n">${unit}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function caption(shown: number, all: number, what: string): string {
  if (shown >= all) return `All ${what}, those with the most probes first`;
  return `The ${number(shown)} ${what} with the most probes`;
}
