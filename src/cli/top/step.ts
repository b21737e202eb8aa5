import type { SortKey } from '../../track/top-slots.ts';
import type { Order, TopState } from './state.ts';

/** What the view asks the outside to do. */
export type Effect =
  | { readonly type: 'quit' }
  | { readonly type: 'suspend' }
  /** Subscribe anew, because another order has other first sources. */
  | { readonly type: 'subscribe'; readonly sort: SortKey }
  | { readonly type: 'why'; readonly source: string }
  | { readonly type: 'order'; readonly order: Order };

/** A state, and what it asks for. */
export interface Step {
  readonly state: TopState;
  readonly effects: readonly Effect[];
}
