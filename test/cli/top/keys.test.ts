import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellsOf } from '../../../src/cli/terminal-text.ts';
import { frame } from '../../../src/cli/top/frame.ts';
import { reduce } from '../../../src/cli/top/reduce.ts';
import { rowsOf } from '../../../src/cli/top/state.ts';
import { SCANNER } from '../../control/given.ts';
import { press, SIZE, scanners, tick, viewOf } from './given.ts';

describe('what a key asks for', () => {
  test.each([
    [['q'], [{ type: 'quit' }]],
    [['C-c'], [{ type: 'quit' }]],
    [['/', 'q', 'C-c'], [{ type: 'quit' }]],
    [['?', 'C-c'], [{ type: 'quit' }]],
    [['?', 'q'], []],
    [['C-z'], [{ type: 'suspend' }]],
    [['s'], [{ type: 'subscribe', sort: 'first' }]],
    [['s', 's', 's', 's'], ['first', 'probes', 'ports', 'last'].map((sort) => ({ type: 'subscribe', sort }))],
    [['return'], [{ type: 'why', source: '10.0.0.1' }]],
    [['down', 'return'], [{ type: 'why', source: '10.0.0.2' }]],
    [['b'], []],
    [['b', 'y'], [{ type: 'order', order: { what: 'block', target: '10.0.0.1' } }]],
    [['b', 'Y'], [{ type: 'order', order: { what: 'block', target: '10.0.0.1' } }]],
    [['b', 'return'], []],
    [['b', 'n', 'y'], []],
    [['b', 'b'], []],
    [['u', 'y'], []],
  ])('%j', (keys, effects) => {
    expect(press(viewOf(scanners(3)), ...keys).effects).toEqual(effects);
  });

  test('without a source nothing is asked for', () => {
    for (const key of ['return', 'b', 'u']) expect(press(viewOf([]), key, 'y').effects).toEqual([]);
  });

  test('u takes back the block that covers the source, which may be of a network', () => {
    const state = viewOf([{ ...SCANNER, source: 'fd00::1', target: 'fd00::/64' }]);
    const { effects } = press(state, 'u', 'y');
    expect(effects).toEqual([{ type: 'order', order: { what: 'unblock', target: 'fd00::/64' } }]);
  });

  test('who is not root gives no orders', () => {
    const { state, effects } = press(viewOf([SCANNER], SIZE, false), 'b', 'y', 'u');
    expect(effects).toEqual([]);
    expect(state.message).toBe('only root may unblock');
  });

  test('the rows may move while a question stands: its target stays', () => {
    const asked = press(viewOf(scanners(2)), 'b').state;
    const moved = reduce(
      asked,
      tick([{ ...SCANNER, source: '10.9.9.9', lastSeen: SCANNER.lastSeen + 1e6 }], {}, false),
    );
    expect(press(moved.state, 'y').effects).toEqual([
      { type: 'order', order: { what: 'block', target: '10.0.0.1' } },
    ]);
  });
});

describe('the cursor', () => {
  const newest = { ...SCANNER, source: '10.9.9.9', lastSeen: SCANNER.lastSeen + 1e6 };

  test('stays in the first row until it is moved, then follows its source', () => {
    const state = viewOf(scanners(3));
    expect(reduce(state, tick([newest], {}, false)).state.selected).toBe('10.9.9.9');
    const moved = press(state, 'down').state;
    expect(reduce(moved, tick([newest], {}, false)).state).toMatchObject({ selected: '10.0.0.2', cursor: 2 });
    expect(press(moved, 'home').state).toMatchObject({ isPinned: false, selected: '10.0.0.1' });
  });

  test('goes to the row that is where its source was', () => {
    const moved = press(viewOf(scanners(3)), 'end').state;
    const { state } = reduce(moved, {
      type: 'tick',
      tick: { header: moved.live?.header as never, sources: [], gone: ['10.0.0.3'] },
      isFirst: false,
    });
    expect(state.selected).toBe('10.0.0.2');
  });

  test('is always in view', () => {
    let state = viewOf(scanners(100));
    for (const [key, selected, offset] of [
      ['pagedown', '10.0.0.20', 1],
      ['end', '10.0.0.100', 81],
      ['up', '10.0.0.99', 81],
      ['pageup', '10.0.0.80', 79],
      ['home', '10.0.0.1', 0],
    ] as const) {
      state = press(state, key).state;
      expect(state).toMatchObject({ selected, offset });
    }
  });
});

describe('the filter', () => {
  test('is written, corrected, given up and removed', () => {
    const state = viewOf([...scanners(3), { ...SCANNER, tool: 'masscan' }]);
    expect(rowsOf(press(state, '/', ...'MASS').state)).toHaveLength(1);
    expect(press(state, '/', 'a', 'b', 'backspace', 'return').state).toMatchObject({
      filter: 'a',
      pane: { kind: 'list' },
    });
    expect(press(state, '/', 'a', 'return', '/', 'b', 'escape').state.filter).toBe('a');
    expect(press(state, '/', 'a', 'return', 'escape').state.filter).toBe('');
    expect(press(state, '/', 'a', 'C-u').state.filter).toBe('');
  });

  test('takes no control characters, and only a hundred others', () => {
    const { state } = press(viewOf([]), '/', '\x1b[200~', '\x07', 'f5', '\u202e', ...'x'.repeat(200));
    expect(state.filter).toBe('x'.repeat(100));
  });
});

test('a pause shows the old picture, and then the newest', () => {
  const paused = press(viewOf(scanners(1)), 'p').state;
  const later = reduce(paused, tick(scanners(3), {}, false)).state;
  expect(rowsOf(later)).toHaveLength(1);
  expect(rowsOf(press(later, ' ').state)).toHaveLength(3);
});

test('the rate comes from two ticks, and not across a restart', () => {
  const first = viewOf([]);
  const rate = (probes: number, uptime: number) =>
    reduce(first, tick([], { probes, uptime }, false)).state.live?.probesPerSecond;
  expect(first.live?.probesPerSecond).toBeNull();
  expect(rate(365, 11_522)).toBe(10);
  expect(rate(3, 11_522)).toBeNull();
  expect(rate(365, 2)).toBeNull();
});

test('an answer of why does not take the place of a question', () => {
  const text = { type: 'text', title: 't', lines: ['a'] } as const;
  expect(reduce(press(viewOf(scanners(1)), 'b').state, text).state.pane.kind).toBe('question');
  expect(reduce(viewOf(scanners(1)), text).state.pane.kind).toBe('text');
});

test('whatever is pressed in whatever size, each picture fits the terminal', () => {
  const keys = ['q', 's', '/', 'p', '?', 'b', 'u', 'y', 'n', 'x', 'up', 'down', 'pageup', 'pagedown'];
  const key = fc.constantFrom(...keys, 'home', 'end', 'return', 'escape', 'backspace', 'C-u');
  fc.assert(
    fc.property(
      fc.array(key),
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 1, max: 40 }),
      (pressed, columns, rows) => {
        const size = { columns, rows };
        const { state } = press(viewOf(scanners(30), size), ...pressed);
        const lines = frame(state, (_style, text) => text);
        expect(lines).toHaveLength(rows);
        for (const line of lines) expect(cellsOf(line)).toBe(columns);
      },
    ),
  );
});
