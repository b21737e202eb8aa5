import type { Change } from '../batch.ts';
import type { Family } from '../families.ts';
import { type Target, withLength } from '../target.ts';

/** The routing protocol number that marks our routes: `P`. No daemon in iproute2's rt_protos uses it. */
export const PROTOCOL = 0x50;

/**
 * The best metric, so that our route wins over others to the same prefix. The kernel refuses ours if one of them has
 * the same metric. 0 is the best for IPv4; for IPv6 it means 1024.
 */
const METRIC: Readonly<Record<Family, number>> = { 4: 0, 6: 1 };

/** The change as a line of `ip -batch`. `add` never replaces a route, and `del` with these attributes finds only ours. */
export function routeLine({ verb, target }: Change): string {
  return `route ${verb === 'block' ? 'add' : 'del'} ${routeOf(target)}`;
}

/** The error message of each failed line of `ip -force -batch`, by line number from 1. */
export function readErrors(stderr: string): ReadonlyMap<number, string> {
  const errors = new Map<number, string>();
  let last = '';
  for (const line of stderr.split('\n')) {
    const failed = /^Command failed \S+:(\d+)$/.exec(line);
    if (failed === null) {
      if (last === '') last = line.replace(/^(Error|RTNETLINK answers): /, '');
      continue;
    }
    errors.set(Number(failed[1]), last);
    last = '';
  }
  return errors;
}

/** The destinations in `ip -j route show`; null when the text is no listing. */
export function readDestinations(text: string): string[] | null {
  let routes: unknown;
  try {
    // Without routes some versions print nothing at all.
    routes = text.trim() === '' ? [] : JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(routes)) return null;
  return routes.flatMap((route: { dst?: unknown } | null) =>
    typeof route?.dst === 'string' ? [route.dst] : [],
  );
}

function routeOf(target: Target): string {
  return `blackhole ${withLength(target)} proto ${PROTOCOL} metric ${METRIC[target.family]}`;
}
