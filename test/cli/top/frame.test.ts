import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cellsOf } from '../../../src/cli/terminal-text.ts';
import { frame, type Paint } from '../../../src/cli/top/frame.ts';
import { plainPage } from '../../../src/cli/top/plain-page.ts';
import { reduce } from '../../../src/cli/top/reduce.ts';
import { initialState } from '../../../src/cli/top/state.ts';
import type { ScannerInfo } from '../../../src/control/scanners.ts';
import { NOW, SCANNER, WATCH_HEADER } from '../../control/given.ts';
import { press, scanners, tick, viewOf } from './given.ts';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const PLAIN: Paint = (_style, text) => text;
const MARKED: Paint = (style, text) => `<${style}>${text}</>`;

/** The lines without blanks at their ends, and without the empty ones. */
function shown(state: Parameters<typeof frame>[0], paint = PLAIN): string[] {
  return frame(state, paint)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

const ROWS: readonly ScannerInfo[] = [
  SCANNER,
  { ...SCANNER, source: '2001:db8:1:2::/64', done: 'spared', rule: 'gateway', target: null, until: null },
  {
    ...SCANNER,
    source: '192.0.2.7',
    tool: null,
    done: 'seen',
    until: null,
    lastSeen: NOW - 3_600_000,
    atLeast: true,
  },
];

describe('the picture', () => {
  test('in 110 columns', () => {
    expect(shown(viewOf(ROWS, { columns: 110, rows: 12 }))).toEqual([
      'probes/s -  held 3  blocked 12  lost 0  breaker closed  up 3 h 12 min  kernel sensor  atcp,audp  probes 345',
      'sources 3  by last probe  portsentry 3.0.0',
      ' SOURCE                    LAST    PROBES   PORTS  KINDS         TOOL         SHAPE        DONE',
      '>10.99.0.1                  1 s        12      10  syn fin       nmap         vertical     blocked 10 min',
      ' 2001:db8:1:2::/64          1 s        12      10  syn fin       nmap         vertical     spared: gateway',
      ' 192.0.2.7                  1 h        12     10+  syn fin       -            vertical     seen',
      'q quit  s sort  / filter  p pause  Enter why  b block  u unblock  ? help',
    ]);
  });

  test('in 40 columns', () => {
    expect(shown(viewOf(ROWS, { columns: 40, rows: 10 }))).toEqual([
      'probes/s -  held 3  blocked 12  lost 0',
      'breaker closed  up 3 h 12 min',
      'kernel sensor  atcp,audp  probes 345',
      'sources 3  by last probe',
      ' SOURCE               PROBES  DONE',
      '>10.99.0.1                12  blocked',
      ' 2001:db8:1:2::/64        12  spared',
      ' 192.0.2.7                12  seen',
      'q quit  s sort  / filter  p pause  Enter',
    ]);
  });

  test('what is wrong comes first and in red', () => {
    const header = { ...WATCH_HEADER, dryRun: true, breakerOpen: true, isWell: false, lost: 7 };
    const { state } = reduce(viewOf([]), tick([], header));
    const lost = reduce(press(state, 'p').state, { type: 'lost', reason: 'nobody answers on /run/x' }).state;
    const text = shown(lost, MARKED).join('\n');
    for (const bad of [
      'the daemon does not answer',
      'PAUSED',
      'dry run',
      'breaker open',
      'the sensor process is gone',
      'lost 7',
    ])
      expect(text).toContain(`<red>${bad}</>`);
    expect(text).toContain('nobody answers on /run/x');
  });

  test('before the first answer', () => {
    expect(shown(initialState({ columns: 80, rows: 5 }, 'last', true)).join('\n')).toContain(
      'waiting for the daemon',
    );
  });

  test('a question, a filter that finds nothing, a text', () => {
    const state = viewOf(scanners(2), { columns: 80, rows: 8 });
    expect(shown(press(state, 'b').state).at(-1)).toBe('Block 10.0.0.1? y/n');
    const filtered = shown(press(state, '/', ...'zzz').state);
    expect(filtered.at(-1)).toBe('/zzz_');
    expect(filtered.at(-2)).toBe(' No source has this text.');
    const text = reduce(state, { type: 'text', title: 'T', lines: ['a', 'b'] }).state;
    expect(shown(text)).toEqual(['T', 'a', 'b', 'any key goes back; up, down scroll']);
    expect(shown(press(text, 'down').state).slice(0, 2)).toEqual(['T', 'b']);
  });

  test('the row of the cursor stands out by a sign and by its colours', () => {
    const lines = shown(viewOf(ROWS, { columns: 60, rows: 12 }), MARKED);
    expect(lines.filter((line) => /^<inverse>>10\.99\.0\.1 /.test(line))).toHaveLength(1);
  });
});

/** Texts that a hostile program at the socket's path, or a careless administrator, could put there. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\x1b[2J',
    '\x9b31m',
    '\u202e',
    '\u4e2d'.repeat(50),
    'e\u0301'.repeat(99),
    '<b>',
    'x'.repeat(10_000),
  ),
);

test('hostile texts reach the terminal neither raw nor too long', () => {
  fc.assert(
    fc.property(
      anyText,
      anyText,
      anyText,
      fc.integer({ min: 1, max: 200 }),
      (source, rule, other, columns) => {
        const row = {
          ...SCANNER,
          source,
          rule,
          tool: other,
          shape: other,
          kinds: [other],
          target: rule,
        } as ScannerInfo;
        const { state } = reduce(
          viewOf([row], { columns, rows: 10 }),
          tick([row], { version: other, modes: [other as never] }, false),
        );
        for (const each of [state, press(state, 'u').state, press(state, 'p').state]) {
          for (const line of frame(each, PLAIN)) {
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Mn}]/u);
            expect(cellsOf(line)).toBe(columns);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('without a terminal: the header and one table', () => {
  const event = tick([SCANNER]);
  if (event.type !== 'tick') throw new Error('no tick');
  expect(plainPage(event.tick, 'last')).toBe(
    'probes/s -  held 3  blocked 12  lost 0  breaker closed  up 3 h 12 min  kernel sensor  atcp,audp  probes 345  ' +
      'sources 1  by last probe  portsentry 3.0.0\n\n' +
      'SOURCE     FIRST             LAST              PROBES  PORTS  KINDS    TOOL  SHAPE     DONE\n' +
      '10.99.0.1  2026-11-22 13:22  2026-11-22 13:33  12      10     syn fin  nmap  vertical  blocked, ends in 10 min\n',
  );
});
