import { treeArchive } from './debian-archive.ts';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';

/** Where a host has its tree. */
export const TREE = '/run/tree';

/** What is in it beside Debian's essential packages. */
const PACKAGES = ['openrc', 'libpcap0.8', 'libstdc++6', 'iproute2', 'nftables', 'procps'];

/** Ms for a whole tree from a slow mirror on a busy machine. */
export const TREE_TIME = 600_000;

/**
 * Unpacks a fresh Debian of this machine's release on a host, at TREE, with the test's own node: Debian's may be
 * too old. It sees the host's network, processes and devices, and is gone with the host.
 */
export async function plantTree(lab: Lab, host: Host): Promise<void> {
  const planted = await lab.run(host, ['sh', '-ec', PLANT, treeArchive(PACKAGES), process.execPath], {
    timeout: 120_000,
  });
  if (planted.code !== 0) throw new Error(`no tree: ${planted.stderr}`);
}

const PLANT = `
  mkdir ${TREE}
  tar --extract --file "$0" --directory ${TREE} --exclude './dev/*' --exclude './usr/share/locale/*'
  for folder in proc sys dev; do mount --rbind /$folder ${TREE}/$folder; done
  touch ${TREE}/usr/bin/node
  mount --bind "$1" ${TREE}/usr/bin/node`;

/** The command that does this in the tree. */
export function inTree(...command: readonly string[]): string[] {
  // Programs of Debian's find each other by PATH, and the test's own names folders that are not there.
  const environment = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive'];
  return ['chroot', TREE, 'env', '-i', ...environment, ...command];
}
