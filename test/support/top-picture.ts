import { cellsOf } from '../../src/cli/terminal-text.ts';
import { frame, type Style } from '../../src/cli/top/frame.ts';
import { reduce } from '../../src/cli/top/reduce.ts';
import { initialState, type Size, type TopState } from '../../src/cli/top/state.ts';
import type { ScannerInfo, WatchHeader } from '../../src/control/scanners.ts';

/** Where the picture of README stands. */
export const TOP_PICTURE = 'docs/pictures/top.svg';

const SIZE: Size = { columns: 110, rows: 13 };

/** A cell of the terminal, in units of the picture. */
const CELL_WIDTH = 8;
const CELL_HEIGHT = 18;
const MARGIN = 10;
const BASELINE = 13;

const BACKGROUND = '#14181d';
const TEXT = '#d7dce2';
const COLOURS: Readonly<Record<Exclude<Style, 'bold' | 'inverse'>, string>> = {
  red: '#ff7b72',
  green: '#7ee787',
  yellow: '#e3b341',
};

/** 2026-11-22 13:33:37 UTC. */
const NOW = 1_795_354_417_000;
const MINUTE_MS = 60_000;

const HEADER: WatchHeader = {
  time: NOW,
  uptime: 273_600,
  version: '3.0.0',
  modes: ['atcp', 'audp'],
  dryRun: false,
  sensor: 'kernel',
  isWell: true,
  probes: 48_211,
  sources: 6,
  held: 3,
  blocked: 12,
  lost: 0,
  breakerOpen: false,
};

const SOURCE: ScannerInfo = {
  source: '198.51.100.23',
  firstSeen: NOW - 2 * MINUTE_MS,
  lastSeen: NOW - 1_000,
  probes: 1_000,
  ports: 1_000,
  atLeast: false,
  targets: 1,
  kinds: ['syn'],
  tool: 'nmap',
  shape: 'vertical',
  evidence: 'repeated',
  done: 'blocked',
  target: '198.51.100.23',
  until: NOW + 1_439 * MINUTE_MS,
  rule: null,
};
const NO_BLOCK = { target: null, until: null } as const;

const SOURCES: readonly ScannerInfo[] = [
  SOURCE,
  {
    ...SOURCE,
    source: '2001:db8:7::/64',
    lastSeen: NOW - 4_000,
    probes: 212,
    ports: 64,
    kinds: ['syn', 'udp'],
    tool: null,
    target: '2001:db8:7::/64',
  },
  {
    ...SOURCE,
    ...NO_BLOCK,
    source: '203.0.113.80',
    lastSeen: NOW - 9_000,
    probes: 17,
    ports: 1,
    tool: 'zmap',
    shape: 'single',
    done: 'logged',
  },
  {
    ...SOURCE,
    ...NO_BLOCK,
    source: '192.0.2.53',
    lastSeen: NOW - 31_000,
    probes: 2,
    ports: 2,
    kinds: ['udp'],
    tool: null,
    done: 'spared',
    rule: 'resolver',
  },
  {
    ...SOURCE,
    source: '203.0.113.9',
    lastSeen: NOW - 95_000,
    probes: 40,
    ports: 12,
    tool: 'masscan',
    shape: 'slow',
    target: '203.0.113.9',
    until: NOW + 40 * MINUTE_MS,
  },
  {
    ...SOURCE,
    ...NO_BLOCK,
    source: '198.51.100.200',
    lastSeen: NOW - 300_000,
    probes: 1,
    ports: 1,
    tool: 'mirai',
    shape: 'single',
    done: 'seen',
  },
];

/** The picture of `portsentry top` as SVG, drawn by the program itself from fixed data. */
export function topPicture(): string {
  const width = SIZE.columns * CELL_WIDTH + 2 * MARGIN;
  const height = SIZE.rows * CELL_HEIGHT + 2 * MARGIN;
  const lines = frame(stateOfPicture(), (style, text) => `\u0001${style}\u0002${text}\u0003`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">portsentry top in a terminal</title>
<desc id="desc">A header with the state of the daemon, and a table of the sources that scan this host, with probes, ports, tool, shape and what was done.</desc>
<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13">
${lines.map(lineOf).join('')}</g>
</svg>
`;
}

function stateOfPicture(): TopState {
  const begun = initialState(SIZE, 'last', true);
  const before = { ...HEADER, time: NOW - 1_000, uptime: HEADER.uptime - 1, probes: HEADER.probes - 37 };
  const first = reduce(begun, {
    type: 'tick',
    tick: { header: before, sources: SOURCES, gone: [] },
    isFirst: true,
  });
  return reduce(first.state, {
    type: 'tick',
    tick: { header: HEADER, sources: [], gone: [] },
    isFirst: false,
  }).state;
}

/** A line in parts: text, or a style and its text. */
const PARTS = /\u0001(\w+)\u0002([^\u0003]*)\u0003|([^\u0001]+)/g;

function lineOf(line: string, row: number): string {
  let column = 0;
  let elements = '';
  for (const [, style, styled, plain] of line.matchAll(PARTS)) {
    const text = styled ?? plain ?? '';
    elements += partOf(text, column, row, style as Style | undefined);
    column += cellsOf(text);
  }
  return elements;
}

function partOf(text: string, column: number, row: number, style: Style | undefined): string {
  const left = MARGIN + column * CELL_WIDTH;
  const top = MARGIN + row * CELL_HEIGHT;
  const width = cellsOf(text) * CELL_WIDTH;
  const isInverse = style === 'inverse';
  const back = isInverse
    ? `<rect x="${left}" y="${top}" width="${width}" height="${CELL_HEIGHT}" fill="${TEXT}"/>\n`
    : '';
  const colour = isInverse ? BACKGROUND : style === undefined || style === 'bold' ? TEXT : COLOURS[style];
  const bold = style === 'bold' ? ' font-weight="bold"' : '';
  // Viewers join blanks, so that each word stands at a place of its own.
  const words = [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => {
    const x = left + cellsOf(text.slice(0, index)) * CELL_WIDTH;
    const place = `x="${x}" y="${top + BASELINE}" textLength="${cellsOf(word) * CELL_WIDTH}" lengthAdjust="spacingAndGlyphs"`;
    return `<text ${place} fill="${colour}"${bold}>${escaped(word)}</text>\n`;
  });
  return back + words.join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
