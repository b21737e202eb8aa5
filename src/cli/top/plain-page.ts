import type { WatchTick } from '../../control/scanners.ts';
import type { SortKey } from '../../track/top-slots.ts';
import { renderScanners } from '../scanners.ts';
import { headerLines } from './layout.ts';
import { reduce } from './reduce.ts';
import { initialState, rowsOf } from './state.ts';

/** Long enough for a header of one line. */
const COLUMNS = 240;

/** What `top` prints where there is no terminal: its header and one table. */
export function plainPage(tick: WatchTick, sort: SortKey): string {
  const begun = initialState({ columns: COLUMNS, rows: 1 }, sort, false);
  const { state } = reduce(begun, { type: 'tick', tick, isFirst: true });
  const header = headerLines(state).map((facts) => facts.map(({ text }) => text).join('  '));
  return `${header.join('\n')}\n\n${renderScanners(rowsOf(state), tick.header.time)}`;
}
