import { PORT_COUNT } from '../config/ports.ts';

/** Columns that are counted. The plot has fewer; a capture's length is not known before its end. */
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
const ROWS = HEIGHT * DOT_ROWS;

const LABEL_WIDTH = 5;

/** The ports of probes by time, drawn in Braille: the port on a logarithmic axis, one dot where there was a probe. */
export class PortPlot {
  /** For each column and row whether there was a probe. */
  readonly #dots = new Uint8Array(COLUMNS * ROWS);
  /** The time of a column in ms, always a power of two, and the number of the first column since the epoch. */
  #stepMs = 1;
  #firstColumn = Number.NaN;
  #lastColumn = Number.NaN;
  /** The times of the first and the last probe, in ms since the epoch. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  readonly #rowOf = Uint8Array.from({ length: PORT_COUNT }, (_, port) => rowOf(port));

  /** Adds a probe; `time` in ms since the epoch. */
  add(time: number, port: number): void {
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
    this.#dots[(column - this.#firstColumn) * ROWS + (this.#rowOf[port] as number)] = 1;
  }

  /** The width of the lines in characters, with the labels. */
  static readonly width = LABEL_WIDTH + 2 + WIDTH;

  /** The lines of the plot, without the time axis; none without probes. */
  lines(): string[] {
    if (Number.isNaN(this.#firstColumn)) return [];
    const cells = new Uint8Array(WIDTH * HEIGHT);
    const used = this.#lastColumn - this.#firstColumn + 1;
    for (let column = 0; column < used; column++) {
      const x = Math.min(WIDTH * DOT_COLUMNS - 1, Math.floor((column / used) * WIDTH * DOT_COLUMNS));
      for (let y = 0; y < ROWS; y++) {
        if (this.#dots[column * ROWS + y] === 0) continue;
        const cell = Math.floor(y / DOT_ROWS) * WIDTH + Math.floor(x / DOT_COLUMNS);
        cells[cell] = (cells[cell] as number) | dotOf(x, y);
      }
    }
    return Array.from({ length: HEIGHT }, (_, row) => {
      const text = [...cells.subarray(row * WIDTH, (row + 1) * WIDTH)].map(charOf).join('');
      return `${labelOf(row).padStart(LABEL_WIDTH)} ┤${text.trimEnd()}`;
    });
  }

  /** Makes a column twice as long. */
  #halve(): void {
    const dots = this.#dots.slice();
    this.#dots.fill(0);
    const first = Math.floor(this.#firstColumn / 2);
    for (let column = this.#firstColumn; column <= this.#lastColumn; column++) {
      const from = (column - this.#firstColumn) * ROWS;
      const to = (Math.floor(column / 2) - first) * ROWS;
      for (let row = 0; row < ROWS; row++) {
        if (dots[from + row] !== 0) this.#dots[to + row] = 1;
      }
    }
    this.#stepMs *= 2;
    this.#firstColumn = first;
    this.#lastColumn = Math.floor(this.#lastColumn / 2);
  }

  /** Makes room for columns before the first one: in a capture, time may also go backwards. */
  #shift(columns: number): void {
    const used = (this.#lastColumn - this.#firstColumn + 1) * ROWS;
    this.#dots.copyWithin(columns * ROWS, 0, used);
    this.#dots.fill(0, 0, columns * ROWS);
    this.#firstColumn -= columns;
  }
}

/** The row of a port, 0 for the highest ports. */
function rowOf(port: number): number {
  return Math.min(ROWS - 1, Math.floor((1 - Math.log(port + 1) / Math.log(PORT_COUNT + 1)) * ROWS));
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
