import type { ReportedOrigin } from '../report.ts';
import { escapeHtml, number } from './text.ts';

/** Countries that are drawn. */
const MAX_BARS = 12;

const ROW = 26;
const LEFT = 190;
const WIDTH = 640;
const RIGHT = 210;

/** Sources by country as bars, and the numbers of countries and networks as tables. */
export function originsSection(
  countries: readonly ReportedOrigin[],
  networks: readonly ReportedOrigin[],
): string {
  const drawn = countries.slice(0, MAX_BARS);
  const picture = drawn.some(({ code }) => code !== null) ? pictureOf(drawn) : '';
  const hasNetworks = networks.some(({ code }) => code !== null);
  return `<section aria-labelledby="origins"><h2 id="origins">Sources by country</h2>${picture}<div class="columns">${tableOf('Countries', 'Country', countries)}${hasNetworks ? tableOf('Networks', 'Autonomous system', networks) : ''}</div></section>`;
}

function pictureOf(countries: readonly ReportedOrigin[]): string {
  const most = countries.reduce((one, { sources }) => Math.max(one, sources), 1);
  const rows = countries.map((country, index) => {
    const y = index * ROW;
    const width = Math.max(1, (country.sources / most) * WIDTH).toFixed(1);
    const middle = y + ROW / 2;
    const count = `${number(country.sources)} ${country.sources === 1 ? 'source' : 'sources'}`;
    return `<text class="name" x="${LEFT - 10}" y="${middle}" dy=".35em" text-anchor="end">${escapeHtml(shortened(nameOf(country)))}</text><rect class="${country.code === null ? 'bar2' : 'bar'}" x="${LEFT}" y="${y + 4}" width="${width}" height="${ROW - 8}" rx="2"/><text x="${LEFT + Number(width) + 8}" y="${middle}" dy=".35em">${count}, ${number(country.probes)} probes</text>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="Picture: sources by country"><svg class="picture" viewBox="0 0 ${LEFT + WIDTH + RIGHT} ${countries.length * ROW + 4}" role="img" aria-labelledby="origins-title origins-desc"><title id="origins-title">Sources by country</title><desc id="origins-desc">A bar for each country, the longer the more sources. The table below has the numbers.</desc>${rows.join('')}</svg></div>`;
}

function tableOf(caption: string, heading: string, all: readonly ReportedOrigin[]): string {
  const rows = all.map(
    (origin) =>
      `<tr><th scope="row" class="text">${escapeHtml(nameOf(origin))}<td class="n">${number(origin.sources)}<td class="n">${number(origin.probes)}</tr>`,
  );
  return `<div><h3>${caption}</h3><table><thead><tr><th scope="col">${heading}<th scope="col" class="n">Sources<th scope="col" class="n">Probes</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function nameOf({ code, name }: ReportedOrigin): string {
  if (code === null) return 'not known';
  if (name === null) return code;
  if (code === 'others') return name;
  return code.startsWith('AS') && code.length > 2 ? `${code} ${name}` : `${name} (${code})`;
}

/** A name that fits beside its bar. */
function shortened(name: string): string {
  return name.length <= 28 ? name : `${name.slice(0, 26)}...`;
}
