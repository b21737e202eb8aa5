import { PORT_COUNT } from '../config/ports.ts';
import type { NumberRange } from '../track/number-sets.ts';

/** Columns that are counted. A plot has fewer; how long a file goes on is not known before its end. */
const COLUMNS = 1_024;

/** Dots of a Braille character: two beside each other in four rows. Unicode numbers them by column (U+2800). */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BRAILLE = 0x2800;
const DOT_ROWS = 4;
const DOT_COLUMNS = 2;

/** The plot in characters. */
const WIDTH = 64;
const HEIGHT = 16;
const BRAILLE_ROWS = HEIGHT * DOT_ROWS;

/** Rows that are counted: a picture has three for each row of dots. */
const ROWS_PER_DOT = 3;
export const PLOT_ROWS = BRAILLE_ROWS * ROWS_PER_DOT;

const LABEL_WIDTH = 5;

/** The counted probes of a plot: `cells[column * PLOT_ROWS + row]`; row 0 has the highest ports. */
export interface PlotCells {
  readonly columns: number;
  readonly cells: Float64Array;
  /** The time at which the first column begins, and the length of a column, in ms. */
  readonly start: number;
  readonly stepMs: number;
}

/** Probes by time and port, the port on a logarithmic axis. Memory is fixed, however many they are. */
export class PortPlot {
  /** For each column and row the probes. */
  readonly #cells = new Float64Array(COLUMNS * PLOT_ROWS);
  /** For each column and row how many probes more, or fewer, a column has than the one before it, beside `#cells`. */
  readonly #changes = new Float64Array((COLUMNS + 1) * PLOT_ROWS);
  #hasChanges = false;
  /** The time of a column in ms, always a power of two, and the number of the first column since the epoch. */
  #stepMs = 1;
  #firstColumn = Number.NaN;
  #lastColumn = Number.NaN;
  /** The times of the first and the last probe, in ms since the epoch. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;

  /** Adds a probe; `time` in ms since the epoch. */
  add(time: number, port: number): void {
    const cell = (this.#columnAt(time) - this.#firstColumn) * PLOT_ROWS + (ROW_OF[port] as number);
    this.#cells[cell] = (this.#cells[cell] as number) + 1;
  }

  /**
   * Adds `probes` that came between the times `first` and `last` to these ports. Which port came when is not known, so
   * they are spread evenly.
   */
  addSpan(first: number, last: number, spans: readonly NumberRange[], probes: number): void {
    this.#columnAt(first);
    const end = this.#columnAt(Math.max(first, last)) - this.#firstColumn;
    const start = this.#columnAt(first) - this.#firstColumn;
    const ports = spans.reduce((sum, span) => sum + span.last - span.first + 1, 0);
    const perPort = probes / ports / (end - start + 1);
    for (const span of spans) {
      const lowestRow = ROW_OF[span.first] as number;
      for (let row = ROW_OF[span.last] as number; row <= lowestRow; row++) {
        const low = Math.max(span.first, LOWEST[row] as number);
        const high = Math.min(span.last, HIGHEST[row] as number);
        if (high >= low) this.#spread(start, end, row, perPort * (high - low + 1));
      }
    }
  }

  /** The width of the lines in characters, with the labels. */
  static readonly width = LABEL_WIDTH + 2 + WIDTH;

  /** The plot in Braille, a dot where there was a probe, without the time axis; no lines without probes. */
  lines(): string[] {
    if (Number.isNaN(this.#firstColumn)) return [];
    const dots = this.#dots();
    const cells = new Uint8Array(WIDTH * HEIGHT);
    for (let x = 0; x < WIDTH * DOT_COLUMNS; x++) {
      for (let y = 0; y < BRAILLE_ROWS; y++) {
        if (dots[x * BRAILLE_ROWS + y] === 0) continue;
        const cell = Math.floor(y / DOT_ROWS) * WIDTH + Math.floor(x / DOT_COLUMNS);
        cells[cell] = (cells[cell] as number) | dotOf(x, y);
      }
    }
    return Array.from({ length: HEIGHT }, (_, row) => {
      const text = [...cells.subarray(row * WIDTH, (row + 1) * WIDTH)].map(charOf).join('');
      return `${labelOf(row).padStart(LABEL_WIDTH)} ┤${text.trimEnd()}`;
    });
  }

  /** The counted probes, for a picture; null without probes. */
  cells(): PlotCells | null {
    if (Number.isNaN(this.#firstColumn)) return null;
    this.#settle();
    return {
      columns: this.#used,
      cells: this.#cells.subarray(0, this.#used * PLOT_ROWS),
      start: this.#firstColumn * this.#stepMs,
      stepMs: this.#stepMs,
    };
  }

  get #used(): number {
    return this.#lastColumn - this.#firstColumn + 1;
  }

  /**
   * For each column and row of dots whether there is one. Probes that are spread thinly get a dot for each whole probe,
   * and at least one in their row.
   */
  #dots(): Uint8Array {
    this.#settle();
    const dots = new Uint8Array(WIDTH * DOT_COLUMNS * BRAILLE_ROWS);
    for (let y = 0; y < BRAILLE_ROWS; y++) {
      let carried = 0;
      let drawn = false;
      let most = 0;
      let fullest = 0;
      for (let column = 0; column < this.#used; column++) {
        const probes = this.#probesAt(column, y);
        carried += probes;
        const x = Math.min(WIDTH * DOT_COLUMNS - 1, Math.floor((column / this.#used) * WIDTH * DOT_COLUMNS));
        if (probes > most) {
          most = probes;
          fullest = x;
        }
        if (carried < WHOLE) continue;
        carried -= Math.floor(carried + 1 - WHOLE);
        dots[x * BRAILLE_ROWS + y] = 1;
        drawn = true;
      }
      if (!drawn && most > 0) dots[fullest * BRAILLE_ROWS + y] = 1;
    }
    return dots;
  }

  #probesAt(column: number, dotRow: number): number {
    let probes = 0;
    for (let row = dotRow * ROWS_PER_DOT; row < (dotRow + 1) * ROWS_PER_DOT; row++)
      probes += this.#cells[column * PLOT_ROWS + row] as number;
    return probes;
  }

  /** The number of the column of a time. Makes columns longer until it is one of them. */
  #columnAt(time: number): number {
    this.first = Math.min(this.first, time);
    this.last = Math.max(this.last, time);
    let column = Math.floor(time / this.#stepMs);
    if (Number.isNaN(this.#firstColumn)) {
      this.#firstColumn = column;
      this.#lastColumn = column;
    }
    while (Math.max(column, this.#lastColumn) - Math.min(column, this.#firstColumn) >= COLUMNS) {
      this.#halve();
      column = Math.floor(time / this.#stepMs);
    }
    if (column < this.#firstColumn) this.#shift(this.#firstColumn - column);
    if (column > this.#lastColumn) this.#lastColumn = column;
    return column;
  }

  #spread(start: number, end: number, row: number, probes: number): void {
    const at = start * PLOT_ROWS + row;
    if (start === end) {
      this.#cells[at] = (this.#cells[at] as number) + probes;
      return;
    }
    const after = (end + 1) * PLOT_ROWS + row;
    this.#changes[at] = (this.#changes[at] as number) + probes;
    this.#changes[after] = (this.#changes[after] as number) - probes;
    this.#hasChanges = true;
  }

  /** Adds the changes to the cells. */
  #settle(): void {
    if (!this.#hasChanges) return;
    const level = new Float64Array(PLOT_ROWS);
    for (let column = 0; column < COLUMNS; column++) {
      for (let row = 0; row < PLOT_ROWS; row++) {
        const at = column * PLOT_ROWS + row;
        level[row] = (level[row] as number) + (this.#changes[at] as number);
        // What is left of sums and differences of fractions is no probe.
        if ((level[row] as number) < NOTHING) level[row] = 0;
        this.#cells[at] = (this.#cells[at] as number) + (level[row] as number);
      }
    }
    this.#changes.fill(0);
    this.#hasChanges = false;
  }

  /** Makes a column twice as long. */
  #halve(): void {
    this.#settle();
    const cells = this.#cells.slice();
    this.#cells.fill(0);
    const first = Math.floor(this.#firstColumn / 2);
    for (let column = this.#firstColumn; column <= this.#lastColumn; column++) {
      const from = (column - this.#firstColumn) * PLOT_ROWS;
      const to = (Math.floor(column / 2) - first) * PLOT_ROWS;
      for (let row = 0; row < PLOT_ROWS; row++)
        this.#cells[to + row] = (this.#cells[to + row] as number) + (cells[from + row] as number);
    }
    this.#stepMs *= 2;
    this.#firstColumn = first;
    this.#lastColumn = Math.floor(this.#lastColumn / 2);
  }

  /** Makes room for columns before the first one: in a capture, time may also go backwards. */
  #shift(columns: number): void {
    this.#settle();
    this.#cells.copyWithin(columns * PLOT_ROWS, 0, this.#used * PLOT_ROWS);
    this.#cells.fill(0, 0, columns * PLOT_ROWS);
    this.#firstColumn -= columns;
  }
}

/** Fractions of a probe add up to a little less than the whole. */
const WHOLE = 0.999_999;
const NOTHING = 1e-9;

const LOG_OF_ALL = Math.log(PORT_COUNT + 1);

/** The row of each port, and the lowest and highest port of each row; a row of low ports may have none. */
const ROW_OF = Uint8Array.from({ length: PORT_COUNT }, (_, port) => Math.min(PLOT_ROWS - 1, rowAt(port)));
const LOWEST = new Int32Array(PLOT_ROWS).fill(PORT_COUNT);
const HIGHEST = new Int32Array(PLOT_ROWS).fill(-1);
for (const [port, row] of ROW_OF.entries()) {
  LOWEST[row] = Math.min(LOWEST[row] as number, port);
  HIGHEST[row] = Math.max(HIGHEST[row] as number, port);
}

/** Where the top of a port lies, in rows from the top of the picture; a fraction. */
export function plotRow(port: number): number {
  return (1 - Math.log(port + 1) / LOG_OF_ALL) * PLOT_ROWS;
}

function rowAt(port: number): number {
  return Math.floor(plotRow(port));
}

function dotOf(x: number, y: number): number {
  return (DOTS[y % DOT_ROWS] as readonly [number, number])[x % DOT_COLUMNS] as number;
}

function charOf(dots: number): string {
  return dots === 0 ? ' ' : String.fromCharCode(BRAILLE + dots);
}

/** The highest port of every fourth row of characters. */
function labelOf(row: number): string {
  if (row % 4 !== 0) return '';
  return String(Math.min(PORT_COUNT - 1, Math.round((PORT_COUNT + 1) ** (1 - row / HEIGHT)) - 1));
}
