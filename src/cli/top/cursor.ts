import type { ScannerInfo } from '../../control/scanners.ts';
import { listHeight } from './layout.ts';
import { rowsOf, type TopState } from './state.ts';

/**
 * The cursor on a row that exists, and the list scrolled so that it is seen. A cursor that was moved follows its source;
 * otherwise it stays in the first row, where the newest sources come.
 */
export function keepCursor(state: TopState): TopState {
  const rows = rowsOf(state);
  if (!state.isPinned) return cursorAt(state, rows, 0);
  const found = rows.findIndex(({ source }) => source === state.selected);
  // Its source may be gone: then the row that is now where it was.
  return cursorAt(state, rows, found >= 0 ? found : state.cursor);
}

/** The cursor `by` rows further down, as far as there are rows. */
export function moveCursor(state: TopState, by: number): TopState {
  const rows = rowsOf(state);
  const moved = cursorAt(state, rows, state.cursor + by);
  return { ...moved, isPinned: moved.cursor > 0 };
}

function cursorAt(state: TopState, rows: readonly ScannerInfo[], at: number): TopState {
  const height = listHeight(state);
  const cursor = Math.max(0, Math.min(at, rows.length - 1));
  const seen = Math.min(Math.max(state.offset, cursor - height + 1), cursor);
  const offset = Math.min(seen, Math.max(0, rows.length - height));
  return { ...state, cursor, offset, selected: rows[cursor]?.source ?? null };
}
