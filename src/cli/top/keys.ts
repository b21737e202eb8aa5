import { SORT_KEYS, type SortKey } from '../../track/top-slots.ts';
import { shownText } from '../terminal-text.ts';
import { moveCursor } from './cursor.ts';
import { HELP } from './help.ts';
import { listHeight } from './layout.ts';
import { rowsOf, type TopState } from './state.ts';
import type { Step } from './step.ts';

/** A key as node:readline names it. */
export interface Key {
  /** Such as `up`, `return` or `a`; undefined for most characters that are no letters or digits. */
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  /** What the terminal sent. */
  readonly sequence?: string | undefined;
}

/** A longer filter finds no more. */
const MAX_FILTER_CHARS = 100;

/** The view after a key, and what it asks for. */
export function reduceKey(state: TopState, key: Key): Step {
  if (key.ctrl && key.name === 'c') return { state, effects: [{ type: 'quit' }] };
  if (key.ctrl && key.name === 'z') return { state, effects: [{ type: 'suspend' }] };
  switch (state.pane.kind) {
    case 'filter':
      return only(writeFilter(state, state.pane.before, key));
    case 'question':
      return answerQuestion(state, key);
    case 'text':
      return readText(state, state.pane, key);
    case 'list':
      return inList({ ...state, message: '' }, key);
  }
}

function inList(state: TopState, key: Key): Step {
  const page = listHeight(state);
  const by = MOVES[key.name ?? '']?.(page);
  if (by !== undefined) return only(moveCursor(state, by));
  switch (key.sequence) {
    case 'q':
      return { state, effects: [{ type: 'quit' }] };
    case 's':
      return sortBy(state, SORT_KEYS[(SORT_KEYS.indexOf(state.sort) + 1) % SORT_KEYS.length] as SortKey);
    case '/':
      return only({ ...state, pane: { kind: 'filter', before: state.filter } });
    case ' ':
    case 'p':
      return only({ ...state, paused: state.paused === null ? state.live : null });
    case '?':
    case 'h':
      return only({ ...state, pane: { kind: 'text', title: 'Keys', lines: HELP, offset: 0 } });
    case 'b':
    case 'u':
      return only(ask(state, key.sequence === 'b' ? 'block' : 'unblock'));
  }
  if (key.name === 'escape') return only({ ...state, filter: '' });
  if ((key.name === 'return' || key.name === 'enter') && state.selected !== null) {
    return { state, effects: [{ type: 'why', source: state.selected }] };
  }
  return only(state);
}

const MOVES: Readonly<Record<string, (page: number) => number>> = {
  up: () => -1,
  down: () => 1,
  k: () => -1,
  j: () => 1,
  pageup: (page) => -page,
  pagedown: (page) => page,
  home: () => -Infinity,
  end: () => Infinity,
};

function sortBy(state: TopState, sort: SortKey): Step {
  return { state: { ...state, sort, offset: 0, isPinned: false }, effects: [{ type: 'subscribe', sort }] };
}

function ask(state: TopState, what: 'block' | 'unblock'): TopState {
  const row = rowsOf(state).find(({ source }) => source === state.selected);
  if (row === undefined) return { ...state, message: 'there is no source here' };
  if (!state.isRoot) return { ...state, message: `only root may ${what}` };
  if (what === 'unblock' && row.target === null) return { ...state, message: `${row.source} is not blocked` };
  const target = what === 'block' ? row.source : (row.target as string);
  return { ...state, pane: { kind: 'question', order: { what, target } } };
}

/** Only a `y` is a yes. */
function answerQuestion(state: TopState, key: Key): Step {
  if (state.pane.kind !== 'question') return only(state);
  const { order } = state.pane;
  const list = { ...state, pane: { kind: 'list' } } as const;
  if (key.sequence !== 'y' && key.sequence !== 'Y') return only({ ...list, message: 'nothing was done' });
  const message = `${order.what === 'block' ? 'blocking' : 'unblocking'} ${order.target} ...`;
  return { state: { ...list, message }, effects: [{ type: 'order', order }] };
}

function writeFilter(state: TopState, before: string, { name, ctrl, sequence = '' }: Key): TopState {
  if (name === 'return' || name === 'enter') return { ...state, pane: { kind: 'list' } };
  if (name === 'escape') return { ...state, filter: before, pane: { kind: 'list' } };
  if (name === 'backspace') return { ...state, filter: [...state.filter].slice(0, -1).join('') };
  if (ctrl && name === 'u') return { ...state, filter: '' };
  // A key that is no character sends an escape sequence.
  if (ctrl || sequence === '' || sequence !== shownText(sequence)) return state;
  return { ...state, filter: (state.filter + sequence).slice(0, MAX_FILTER_CHARS) };
}

function readText(state: TopState, pane: Extract<TopState['pane'], { kind: 'text' }>, key: Key): Step {
  const height = Math.max(1, state.size.rows - 2);
  const by = MOVES[key.name ?? '']?.(height);
  if (by === undefined) return only({ ...state, pane: { kind: 'list' } });
  const offset = Math.min(Math.max(0, pane.offset + by), Math.max(0, pane.lines.length - 1));
  return only({ ...state, pane: { ...pane, offset } });
}

function only(state: TopState): Step {
  return { state, effects: [] };
}
