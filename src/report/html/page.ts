import { createHash } from 'node:crypto';
import type { Report } from '../report.ts';
import { barsPicture } from './bars-picture.ts';
import { originsSection } from './origins.ts';
import { portPicture } from './port-picture.ts';
import { STYLE } from './style.ts';
import { blocksSection, portsSection, scansSections, sourcesSection } from './tables.ts';
import { escapeHtml, number, timeTag, zoneText } from './text.ts';

/** The browser may load nothing and run nothing; only this one style sheet counts. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** The report as one page that needs nothing else. It has no script, and no text of others as markup. */
export function reportPage(report: Report): string {
  const title = `portsentry report${report.host === null ? '' : `: ${report.host}`}`;
  const sections = [
    figures(report),
    report.hints.map((hint) => `<p class="hints">${escapeHtml(hint)}</p>`).join(''),
    ...(report.probes === 0 ? [] : pictures(report)),
    ...(report.topSources.length === 0 ? [] : [sourcesSection(report)]),
    ...(report.countries === null || report.networks === null
      ? []
      : [originsSection(report.countries, report.networks)]),
    ...(report.topPorts.length === 0 ? [] : [portsSection(report)]),
    scansSections(report),
    blocksSection(report),
    about(report),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${escapeHtml(title)}</h1>${spanText(report)}</header>
<main>
${sections.filter((section) => section !== '').join('\n')}
</main>
<footer><p>Made ${timeTag(report.made)} by portsentry ${escapeHtml(report.version)}. Times are local (${zoneText(report.made)}); hover for UTC.</p></footer>
</body>
</html>
`;
}

function spanText({ first, last, since, until }: Report): string {
  const asked =
    since === null && until === null
      ? ''
      : ` <span class="dim">(asked for: ${since === null ? 'the beginning' : timeTag(since)} to ${until === null ? 'the end' : timeTag(until)})</span>`;
  if (first === null || last === null) return `<p>There were no probes${asked}.</p>`;
  return `<p>${timeTag(first)} to ${timeTag(last)}${asked}</p>`;
}

function figures(report: Report): string {
  const { blocks } = report;
  const failed = blocks.failures.reduce((sum, { count }) => sum + count, 0);
  const all = [
    ['Probes', number(report.probes), ''],
    ['Scans', number(report.scans), ''],
    ['Sources', number(report.sources), report.hasMoreSources ? 'at least' : ''],
    ['Ports', number(report.ports), ''],
    ['Targets', number(report.targets), report.hasMoreTargets ? 'at least' : ''],
    ['Blocks', number(blocks.made), failed > 0 ? `and ${number(failed)} failed` : ''],
  ];
  const cards = all.map(
    ([name, value, more]) =>
      `<div><dt>${name}</dt><dd>${value}${more === '' ? '' : `<span class="more">${more}</span>`}</dd></div>`,
  );
  return `<dl class="figures">${cards.join('')}</dl>`;
}

function pictures({ plot, bars, barMs }: Report): string[] {
  const ports =
    plot === null
      ? ''
      : `<section aria-labelledby="ports-by-time"><h2 id="ports-by-time">Ports by time</h2><figure>${portPicture(plot)}<figcaption>A vertical line is a scan of many ports at once, a horizontal line is many sources at one port, a rising or pale area is a slow scan.</figcaption></figure></section>`;
  const times = `<section aria-labelledby="probes-by-time"><h2 id="probes-by-time">Probes by time</h2>${barsPicture(bars, barMs)}</section>`;
  return [ports, times];
}

/** What the host looked like, and what the report is made of. */
function about(report: Report): string {
  const more = report.targets - report.targetNames.length;
  const facts: [string, string][] = [
    ['Modes', report.modes.map(({ name, count }) => `${name} (${number(count)} probes)`).join(', ')],
    ['Probed addresses', `${report.targetNames.join(', ')}${more > 0 ? ` and ${number(more)} more` : ''}`],
    [
      'Events',
      `${number(report.events)}${report.badLines > 0 ? `; ${number(report.badLines)} lines were no events` : ''}`,
    ],
    ['Read from', report.files.join(', ')],
    ['Countries from', report.geoFiles.join(', ')],
    ['Not read', report.troubles.join(' ')],
    ['Version', report.version],
  ];
  const list = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<section aria-labelledby="about"><h2 id="about">The host and this report</h2><dl class="facts">${list.join('')}</dl></section>`;
}
