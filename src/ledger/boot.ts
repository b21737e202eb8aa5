import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/**
 * Names this boot and this network namespace: rules in the kernel vanish with either, so a block that was put in
 * force under another name is not any more. Where it cannot be told, a name that nothing else has.
 */
export function bootIdentity(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${statSync('/proc/self/ns/net').ino} ${loopbackInode()}`;
  } catch {
    return randomUUID();
  }
}

/**
 * The kernel gives the inode of a namespace that is gone to the next one, often at once. Those of sysfs are
 * counted up, and `lo` comes and goes with its namespace. 0 where there is no sysfs.
 */
function loopbackInode(): number {
  return statSync('/sys/class/net/lo', { throwIfNoEntry: false })?.ino ?? 0;
}
