import type { ShareStatus } from '../control/status.ts';
import { counted } from '../record/counted.ts';
import { formatTime } from '../record/times.ts';

/** What is shared with other hosts, a line for each direction. */
export function shareFacts({ engine, push, pull }: ShareStatus): [string, string][] {
  const facts: [string, string][] = [['shared by', engine]];
  if (push !== null) {
    const { pushed, waiting, refused, overflowed, takenBack, lifted, last, trouble } = push;
    const not = refused + overflowed === 0 ? '' : `, ${refused} refused, ${overflowed} found no room`;
    const ends = `${takenBack} taken back, ${counted(lifted, 'block')} ended from there`;
    facts.push([
      'told',
      `${counted(pushed, 'source')}, ${waiting} waiting${not}; ${ends}${whenOf(last, trouble)}`,
    ]);
  }
  if (pull !== null) {
    const { decisions, leftOut, list, last, trouble } = pull;
    const left = leftOut === 0 ? '' : `, ${leftOut} left out`;
    facts.push([
      'heard',
      `${counted(decisions, 'decision')} in the list ${list}${left}${whenOf(last, trouble)}`,
    ]);
  }
  return facts;
}

function whenOf(last: number | null, trouble: string | null): string {
  const when = last === null ? '' : `; last ${formatTime(last)}`;
  return trouble === null ? when : `${when}; not now: ${trouble}`;
}
