import { BLOCK_METHODS, type BlockMethod } from './config.ts';
import { hintOf, nearest } from './nearest.ts';
import { bad, good, oneOf, type ValueKind } from './values.ts';

/** What BLOCK_METHOD says to choose the method: `command` if KILL_ROUTE is set, otherwise the best that the host has. */
const AUTO = 'auto';

/** The words that a user may want. `null` is for tests. */
const OFFERED = [AUTO, ...BLOCK_METHODS.filter((method) => method !== 'null')];

/** A block method; null for `auto`, which an empty text means as well. */
export const blockMethod: ValueKind<BlockMethod | null> = {
  parse(text) {
    if (text === '' || text === AUTO) return good(null);
    const method = BLOCK_METHODS.find((word) => word === text);
    if (method !== undefined) return good(method);
    return bad(`${oneOf(OFFERED)}${hintOf(nearest(text, OFFERED))}`, text);
  },
  format: (method) => method ?? AUTO,
};
