import { formatTime, isoTime } from '../../record/times.ts';
import type { TimeBar } from '../probe-times.ts';
import { number, timeTag } from './text.ts';
import { timeTicks } from './ticks.ts';

const WIDTH = 1_000;
const HEIGHT = 140;
const LEFT = 48;
const BOTTOM = 24;
const TOP = 10;
const RIGHT = 40;

/** A bar that is this many times as high as the middle one would make the others invisible. */
const STEEP = 20;

/** Probes by time as bars, and as a table for those that do not see them. */
export function barsPicture(bars: readonly TimeBar[], barMs: number): string {
  const most = bars.reduce((one, { probes }) => Math.max(one, probes), 0);
  const filled = bars.flatMap(({ probes }) => (probes > 0 ? [probes] : [])).sort((a, b) => a - b);
  const isSteep = most > STEEP * (filled[Math.floor(filled.length / 2)] ?? 0);
  const heightOf = (probes: number) =>
    (isSteep ? Math.log1p(probes) / Math.log1p(most) : probes / most) * HEIGHT;
  const bottom = TOP + HEIGHT;
  const right = LEFT + WIDTH;
  const first = (bars[0] as TimeBar).start;
  const last = first + bars.length * barMs;
  const width = WIDTH / bars.length;
  const drawn = bars.map(({ start, probes }, index) => {
    if (probes <= 0) return '';
    const height = Math.max(1, heightOf(probes));
    const x = (LEFT + index * width).toFixed(1);
    const inner = Math.max(0.5, width - Math.min(1.5, width * 0.2)).toFixed(1);
    const title = `${formatTime(start)}: ${number(probes)} (${isoTime(start).slice(0, 16).replace('T', ' ')} UTC)`;
    return `<rect class="bar" x="${x}" y="${(bottom - height).toFixed(1)}" width="${inner}" height="${height.toFixed(1)}"><title>${title}</title></rect>`;
  });
  const levels = levelsOf(most, isSteep).map((probes) => {
    const y = (bottom - heightOf(probes)).toFixed(1);
    return `<path class="grid" d="M${LEFT} ${y}H${right}"/><text x="${LEFT - 8}" y="${y}" dy=".35em" text-anchor="end">${short(probes)}</text>`;
  });
  const times = timeTicks(first, last).map(({ time, text }) => {
    const x = (LEFT + ((time - first) / (last - first)) * WIDTH).toFixed(1);
    return `<path class="axis" d="M${x} ${bottom}v4"/><text x="${x}" y="${bottom + 18}" text-anchor="middle">${text}</text>`;
  });
  const scale = isSteep ? 'The scale is logarithmic.' : 'The scale is linear.';
  const picture = `<div class="scroll" tabindex="0" role="region" aria-label="Picture: probes by time"><svg class="picture" viewBox="0 0 ${right + RIGHT} ${bottom + BOTTOM}" role="img" aria-labelledby="times-title times-desc"><title id="times-title">Probes by time</title><desc id="times-desc">A bar for each ${barText(barMs)}. The table below has the numbers.</desc>${levels.join('')}${drawn.join('')}${times.join('')}<path class="axis" d="M${LEFT} ${bottom}H${right}"/></svg></div>`;
  const rows = bars
    .filter(({ probes }) => probes > 0)
    .map(({ start, probes }) => `<tr><th scope="row">${timeTag(start)}<td class="n">${number(probes)}</tr>`);
  const table = `<details><summary>As a table</summary><table><caption>Probes in each ${barText(barMs)} that has any</caption><thead><tr><th scope="col">From<th scope="col" class="n">Probes</thead><tbody>${rows.join('')}</tbody></table></details>`;
  return `<figure>${picture}<figcaption>Each bar is ${barText(barMs)}. ${scale}</figcaption></figure>${table}`;
}

/** The length of a bar in words. */
function barText(ms: number): string {
  const units = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ] as const;
  const [unitMs, name] = units.find(([unit]) => ms % unit === 0) ?? ([1_000, 'second'] as const);
  return ms === unitMs ? `1 ${name}` : `${ms / unitMs} ${name}s`;
}

/** The numbers beside the axis. */
function levelsOf(most: number, isSteep: boolean): number[] {
  if (isSteep) {
    const powers = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent).filter(
      (power) => power <= most,
    );
    return powers.filter((_, index) => index % Math.ceil(powers.length / 5) === 0);
  }
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  return Array.from({ length: Math.floor(most / step) }, (_, index) => (index + 1) * step);
}

/** `12k` in place of 12,000. */
function short(value: number): string {
  if (value >= 1e9) return `${value / 1e9}G`;
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e4 ? `${value / 1e3}k` : number(value);
}
