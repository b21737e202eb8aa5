import type { WatchTick } from '../../control/scanners.ts';
import { keepCursor } from './cursor.ts';
import { type Key, reduceKey } from './keys.ts';
import type { Picture, Size, TopState } from './state.ts';
import type { Step } from './step.ts';

/** What happens to the view. */
export type TopEvent =
  | { readonly type: 'key'; readonly key: Key }
  | { readonly type: 'resize'; readonly size: Size }
  /** `isFirst`: the tick has all sources, because a subscription began. */
  | { readonly type: 'tick'; readonly tick: WatchTick; readonly isFirst: boolean }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'text'; readonly title: string; readonly lines: readonly string[] }
  | { readonly type: 'message'; readonly text: string };

/** The view after an event. */
export function reduce(state: TopState, event: TopEvent): Step {
  if (event.type !== 'key') return { state: keepCursor(apply(state, event)), effects: [] };
  const { state: next, effects } = reduceKey(state, event.key);
  return { state: keepCursor(next), effects };
}

function apply(state: TopState, event: Exclude<TopEvent, { type: 'key' }>): TopState {
  switch (event.type) {
    case 'resize':
      return { ...state, size: event.size };
    case 'tick':
      return { ...state, live: pictureAfter(event.isFirst ? null : state.live, event.tick), lost: null };
    case 'lost':
      return { ...state, lost: event.reason };
    case 'text':
      // A question or a filter that was begun meanwhile goes on.
      if (state.pane.kind !== 'list') return state;
      return {
        ...state,
        pane: { kind: 'text', title: event.title, lines: event.lines, offset: 0 },
        message: '',
      };
    case 'message':
      return { ...state, message: event.text };
  }
}

function pictureAfter(before: Picture | null, { header, sources, gone }: WatchTick): Picture {
  const rows = new Map(before?.rows);
  for (const source of gone) rows.delete(source);
  for (const row of sources) rows.set(row.source, row);
  return { header, rows, probesPerSecond: before === null ? null : rateBetween(before, header) };
}

function rateBetween(before: Picture, { probes, uptime }: WatchTick['header']): number | null {
  const seconds = uptime - before.header.uptime;
  // A daemon that was started again counts from 0.
  return seconds > 0 && probes >= before.header.probes ? (probes - before.header.probes) / seconds : null;
}
