import { type Stats, statSync } from 'node:fs';
import { systemReason } from '../capture/file/input.ts';

/** What the system says of a path. Without `stats` nothing is there, or `reason` says why nobody knows. */
export interface PathStatus {
  readonly stats: Stats | null;
  readonly reason: string | null;
}

/** The status of a path, links followed. Never throws: what cannot be asked for is reported when it is read. */
export function statOf(path: string): PathStatus {
  try {
    return { stats: statSync(path, { throwIfNoEntry: false }) ?? null, reason: null };
  } catch (error) {
    return { stats: null, reason: systemReason(error) };
  }
}
