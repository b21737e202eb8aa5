import type { Key } from '../../../src/cli/top/keys.ts';
import { reduce, type TopEvent } from '../../../src/cli/top/reduce.ts';
import { initialState, type Size, type TopState } from '../../../src/cli/top/state.ts';
import type { Effect } from '../../../src/cli/top/step.ts';
import type { ScannerInfo, WatchHeader } from '../../../src/control/scanners.ts';
import { NOW, SCANNER, WATCH_HEADER } from '../../control/given.ts';

export const SIZE: Size = { columns: 80, rows: 24 };

/** Sources 10.0.0.1 and on; the first was seen last, and the last has the most probes and ports. */
export function scanners(count: number): ScannerInfo[] {
  return Array.from({ length: count }, (_, index) => ({
    ...SCANNER,
    source: `10.0.0.${index + 1}`,
    lastSeen: NOW - 1_000 * index,
    firstSeen: NOW - 1_000_000 + index,
    probes: index + 1,
    ports: index + 1,
    done: 'seen',
    target: null,
    until: null,
  }));
}

export function tick(
  sources: readonly ScannerInfo[],
  header: Partial<WatchHeader> = {},
  isFirst = true,
): TopEvent {
  return {
    type: 'tick',
    tick: { header: { ...WATCH_HEADER, sources: sources.length, ...header }, sources, gone: [] },
    isFirst,
  };
}

/** A view with these sources. */
export function viewOf(sources: readonly ScannerInfo[], size = SIZE, isRoot = true): TopState {
  return reduce(initialState(size, 'last', isRoot), tick(sources)).state;
}

/** Keys by their character or name. */
const NAMED: Readonly<Record<string, Key>> = {
  'C-c': { name: 'c', ctrl: true, sequence: '\x03' },
  'C-u': { name: 'u', ctrl: true, sequence: '\x15' },
  'C-z': { name: 'z', ctrl: true, sequence: '\x1a' },
  up: { name: 'up', sequence: '\x1b[A' },
  down: { name: 'down', sequence: '\x1b[B' },
  pagedown: { name: 'pagedown', sequence: '\x1b[6~' },
  pageup: { name: 'pageup', sequence: '\x1b[5~' },
  home: { name: 'home', sequence: '\x1b[H' },
  end: { name: 'end', sequence: '\x1b[F' },
  return: { name: 'return', sequence: '\r' },
  escape: { name: 'escape', sequence: '\x1b' },
  backspace: { name: 'backspace', sequence: '\x7f' },
  f5: { name: 'f5', sequence: '\x1b[15~' },
};

/** Presses keys one after the other; all effects together. */
export function press(state: TopState, ...keys: readonly string[]): { state: TopState; effects: Effect[] } {
  const effects: Effect[] = [];
  let now = state;
  for (const key of keys) {
    const name = /^[a-z]$/.test(key) ? key : undefined;
    const step = reduce(now, { type: 'key', key: NAMED[key] ?? { name, sequence: key } });
    now = step.state;
    effects.push(...step.effects);
  }
  return { state: now, effects };
}
