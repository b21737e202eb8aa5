import { Reported } from '../../src/track/reported.ts';
import { SourceState } from '../../src/track/source-state.ts';

/** Sources of which a test file asks. */
const SLOTS = 65_536;

const state = new SourceState(SLOTS);
let used = 0;

/** Of a new source, about which nothing has been reported yet. */
export function newReported(): Reported {
  return new Reported(state, used++);
}
