import { PORT_COUNT } from '../../config/ports.ts';
import { PLOT_ROWS, type PlotCells, plotRow } from '../port-plot.ts';
import { CLASSES } from './style.ts';
import { number } from './text.ts';
import { timeTicks } from './ticks.ts';

/** The picture in units of the page: the plot and the room for its labels. */
const WIDTH = 1_000;
const HEIGHT = 400;
const LEFT = 48;
const BOTTOM = 24;
const TOP = 8;
const RIGHT = 40;

/** Columns that are drawn, at most: more would be narrower than a point of the screen. */
const MAX_COLUMNS = 512;

/** A short time has fewer columns; they do not become wider than this many make them. */
const MIN_COLUMNS = 64;

/** Parts of a row, so that the path has whole numbers. */
const SCALE = 10;

/** Where the axis may end: above the highest port that was probed. */
const ENDS = [1_099, 4_095, 16_383, PORT_COUNT - 1];

/** Ports that are written beside the picture. */
const PORTS = [1, 3, 7, 22, 80, 200, 443, 1_024, 3_389, 8_080, 32_768];

/** Ports by time: the marks are five paths, one for each class of density, however many probes there are. */
export function portPicture(plot: PlotCells): string {
  const { columns, cells, start, stepMs } = reduced(plot);
  const most = cells.reduce((one, other) => Math.max(one, other), 0);
  const shown = Math.max(columns, MIN_COLUMNS);
  const margin = Math.floor((shown - columns) / 2);
  const first = start - margin * stepMs;
  const last = first + shown * stepMs;
  const classes = pathsOf(cells, columns, margin, most);
  const highest = highestPort(cells);
  const top = plotRow(highest + 1);
  const yOf = (port: number) => TOP + ((plotRow(port) - top) / (PLOT_ROWS - top)) * HEIGHT;
  const paths = classes
    .map((path, index) => (path === '' ? '' : `<path class="d${index}" d="${path}"/>`))
    .join('');
  const right = LEFT + WIDTH;
  const bottom = TOP + HEIGHT;
  const ports = PORTS.filter((port) => port <= highest)
    .map((port) => {
      const y = yOf(port + 0.5).toFixed(1);
      return `<path class="grid" d="M${LEFT} ${y}H${right}"/><text x="${LEFT - 8}" y="${y}" dy=".35em" text-anchor="end">${port}</text>`;
    })
    .join('');
  const times = timeTicks(first, last).map(({ time, text }) => {
    const x = (LEFT + ((time - first) / (last - first)) * WIDTH).toFixed(1);
    return `<path class="grid" d="M${x} ${TOP}V${bottom + 4}"/><text x="${x}" y="${bottom + 18}" text-anchor="middle">${text}</text>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="Picture: ports by time"><svg class="picture" viewBox="0 0 ${right + RIGHT} ${bottom + BOTTOM}" role="img" aria-labelledby="ports-title ports-desc"><title id="ports-title">Ports by time</title><desc id="ports-desc">Each mark is a port that was probed, the darker the more often; in the dark theme the brighter. The port is on a logarithmic axis, the highest at the top. The tables below have the numbers.</desc>${ports}${times.join('')}<svg x="${LEFT}" y="${TOP}" width="${WIDTH}" height="${HEIGHT}" viewBox="0 ${Math.round(top * SCALE)} ${shown} ${Math.round((PLOT_ROWS - top) * SCALE)}" preserveAspectRatio="none">${paths}</svg><path class="axis" d="M${LEFT} ${TOP}V${bottom}H${right}"/></svg></div>${legend(most, classes[0] !== '')}`;
}

/** The highest port that the picture has room for. */
function highestPort(cells: Float64Array): number {
  const row = cells.reduce(
    (one, probes, at) => (probes > 0 ? Math.min(one, at % PLOT_ROWS) : one),
    PLOT_ROWS,
  );
  return ENDS.find((port) => Math.floor(plotRow(port)) <= row) ?? PORT_COUNT - 1;
}

/** Joins columns until they are few enough. */
function reduced(plot: PlotCells): PlotCells {
  if (plot.columns <= MAX_COLUMNS) return plot;
  const columns = Math.ceil(plot.columns / 2);
  const cells = new Float64Array(columns * PLOT_ROWS);
  for (const [at, probes] of plot.cells.entries()) {
    const column = Math.floor(at / PLOT_ROWS);
    const to = Math.floor(column / 2) * PLOT_ROWS + (at % PLOT_ROWS);
    cells[to] = (cells[to] as number) + probes;
  }
  return reduced({ columns, cells, start: plot.start, stepMs: plot.stepMs * 2 });
}

/**
 * The class of a number of probes, on a logarithmic scale; -1 for none. The first class is what is less than half a probe:
 * a scan that is spread over its time.
 */
function classOf(probes: number, most: number): number {
  if (probes < 1e-6) return -1;
  if (probes < 0.5) return 0;
  if (most <= 1) return CLASSES - 2;
  return Math.max(
    1,
    Math.min(CLASSES - 1, 1 + Math.floor(((CLASSES - 1) * Math.log(probes)) / Math.log(most + 1))),
  );
}

/** The rows that have ports, from the top, with their edges. */
const BANDS = bands();

interface Band {
  readonly row: number;
  readonly top: number;
  readonly bottom: number;
}

function bands(): Band[] {
  const rows = new Map<number, { low: number; high: number }>();
  for (let port = PORT_COUNT - 1; port >= 0; port--) {
    const row = Math.min(PLOT_ROWS - 1, Math.floor(plotRow(port)));
    const band = rows.get(row);
    if (band === undefined) rows.set(row, { low: port, high: port });
    else band.low = port;
  }
  return [...rows].map(([row, { low, high }]) => ({
    row,
    top: Math.round(plotRow(high + 1) * SCALE),
    bottom: Math.round(plotRow(low) * SCALE),
  }));
}

/** For each class a path of rectangles. Neighbours of one class are one rectangle. */
function pathsOf(cells: Float64Array, columns: number, margin: number, most: number): string[] {
  const classes = new Int8Array(columns * BANDS.length);
  for (let column = 0; column < columns; column++) {
    for (const [band, { row }] of BANDS.entries())
      classes[column * BANDS.length + band] = classOf(cells[column * PLOT_ROWS + row] as number, most);
  }
  const paths = Array.from({ length: CLASSES }, () => [] as string[]);
  for (let column = 0; column < columns; column++) {
    for (let band = 0; band < BANDS.length; band++) {
      const index = classes[column * BANDS.length + band] as number;
      if (index < 0) continue;
      const { right, below } = rectangleAt(classes, columns, column, band);
      const { top } = BANDS[band] as Band;
      const { bottom } = BANDS[below - 1] as Band;
      const width = right - column;
      paths[index]?.push(`M${margin + column} ${top}h${width}v${bottom - top}h-${width}z`);
    }
  }
  return paths.map((path) => path.join(''));
}

/** The end of the rectangle of one class that begins here: first down, then to the right. Takes its cells out. */
function rectangleAt(classes: Int8Array, columns: number, column: number, band: number) {
  const index = classes[column * BANDS.length + band];
  const isSame = (x: number, y: number) => classes[x * BANDS.length + y] === index;
  let below = band + 1;
  while (below < BANDS.length && isSame(column, below)) below++;
  let right = column + 1;
  const fits = (x: number) => {
    for (let y = band; y < below; y++) if (!isSame(x, y)) return false;
    return true;
  };
  while (right < columns && fits(right)) right++;
  for (let x = column; x < right; x++) classes.fill(-1, x * BANDS.length + band, x * BANDS.length + below);
  return { right, below };
}

function legend(most: number, hasSpread: boolean): string {
  const items: string[] = [];
  for (let index = 1, low = 1; index < CLASSES && low <= most; index++) {
    let high = low - 1;
    while (high + 1 <= most && classOf(high + 1, most) <= index) high = nextOf(high, index, most);
    if (high < low) continue;
    const text = low === high ? number(low) : `${number(low)} to ${number(high)}`;
    items.push(item(classOf(low, most), text));
    low = high + 1;
  }
  if (hasSpread) items.unshift(item(0, 'less than one, of a scan that is spread over its time'));
  return `<ul class="legend"><li>Probes of a mark:</li>${items.join('')}</ul>`;
}

function item(index: number, text: string): string {
  return `<li><svg width="14" height="14" aria-hidden="true"><rect class="d${index}" width="14" height="14" rx="2"/></svg>${text}</li>`;
}

/** The largest whole number of a class, which is found from its edge; at least the next one. */
function nextOf(high: number, index: number, most: number): number {
  let edge = Math.min(Math.floor(most), Math.max(high + 1, Math.ceil((most + 1) ** (index / (CLASSES - 1)))));
  while (edge > high + 1 && classOf(edge, most) > index) edge--;
  return edge;
}
