import { fstatSync } from 'node:fs';

/** The major number of /dev/null and its like (Linux, Documentation/admin-guide/devices.txt). */
const MEMORY_DEVICES = 1;

/** Standard output and standard error. */
export const STDOUT = 1;
export const STDERR = 2;

/** Whether the descriptor is a terminal. Node's streams know that, too, but load ten modules first. */
export function isTerminal(descriptor: typeof STDOUT | typeof STDERR): boolean {
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isCharacterDevice() || stats.rdev >> 8 === MEMORY_DEVICES) return false;
  } catch {
    return false;
  }
  return (descriptor === STDOUT ? process.stdout : process.stderr).isTTY === true;
}
