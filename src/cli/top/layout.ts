import { cellsOf, shownText } from '../terminal-text.ts';
import { formatDuration } from '../times.ts';
import { pictureOf, rowsOf, type TopState } from './state.ts';

/** Lines of the header at most: a narrow terminal has no room for more. */
const MAX_HEADER_LINES = 4;

/** The headings of the columns, and the line of the keys. */
const OTHER_LINES = 2;

/** One fact of the header. */
export interface Fact {
  readonly text: string;
  /** It wants to be seen. */
  readonly isBad: boolean;
}

const GAP = 2;

/** The lines of the header: as many facts in each as there is room for. */
export function headerLines(state: TopState): Fact[][] {
  const lines: Fact[][] = [[]];
  let used = 0;
  for (const fact of factsOf(state)) {
    const cells = cellsOf(fact.text) + GAP;
    if (used > 0 && used + cells - GAP > state.size.columns) {
      if (lines.length === MAX_HEADER_LINES) break;
      lines.push([]);
      used = 0;
    }
    (lines.at(-1) as Fact[]).push(fact);
    used += cells;
  }
  return lines;
}

/** Rows of sources that there is room for. */
export function listHeight(state: TopState): number {
  return Math.max(1, state.size.rows - headerLines(state).length - OTHER_LINES);
}

/** The most important ones first, because the last ones are left out where there is no room. */
function factsOf(state: TopState): Fact[] {
  const picture = pictureOf(state);
  if (picture === null) return [fact('portsentry'), fact('waiting for the daemon', true)];
  const { header, probesPerSecond, rows } = picture;
  const { uptime, version, modes, sensor, isWell, probes, sources, held, blocked, lost } = header;
  const shown = rowsOf(state).length;
  const facts = [
    ...(state.lost === null ? [] : [fact('the daemon does not answer', true)]),
    ...(state.paused === null ? [] : [fact('PAUSED', true)]),
    ...(header.dryRun ? [fact('dry run', true)] : []),
    ...(header.breakerOpen ? [fact('breaker open', true)] : []),
    ...(isWell ? [] : [fact('the sensor process is gone', true)]),
    fact(`probes/s ${rateText(probesPerSecond)}`),
    fact(`held ${held ?? '-'}`),
    fact(`blocked ${blocked}`),
    fact(`lost ${lost ?? '-'}`, lost !== null && lost > 0),
    ...(header.breakerOpen ? [] : [fact('breaker closed')]),
    fact(`up ${formatDuration(uptime * 1000)}`),
    fact(sensor === 'none' ? 'no sensor' : `${sensor} sensor`),
    fact(modes.join(',')),
    fact(`probes ${probes}`),
    fact(shown === sources ? `sources ${sources}` : `sources ${shown} of ${Math.max(sources, rows.size)}`),
    fact(`by ${SORTS[state.sort]}`),
    ...(state.filter === '' ? [] : [fact(`filter ${state.filter}`)]),
    fact(`portsentry ${version}`),
  ];
  return facts;
}

/** What the list is ordered by, in words. */
export const SORTS = { last: 'last probe', first: 'first probe', probes: 'probes', ports: 'ports' } as const;

function fact(text: string, isBad = false): Fact {
  return { text: shownText(text), isBad };
}

function rateText(rate: number | null): string {
  if (rate === null) return '-';
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}
