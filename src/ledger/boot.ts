import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/**
 * Identifies this boot and this network namespace. The kernel's rules vanish with either, so a block put in force under
 * another identity is no longer in force. Without /proc the result is a random UUID.
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
 * The kernel often reuses the inode of a namespace that is gone for the next one. Inodes in sysfs only count up, and
 * `lo` exists as long as its namespace. 0 without sysfs.
 */
function loopbackInode(): number {
  return statSync('/sys/class/net/lo', { throwIfNoEntry: false })?.ino ?? 0;
}
