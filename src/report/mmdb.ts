import { Reader } from 'mmdb-lib';

/** Reads a file in MaxMind's format. In a module of its own, which is loaded only for such a file. Throws when it is damaged. */
export function openReader(bytes: Buffer) {
  return new Reader(bytes);
}
