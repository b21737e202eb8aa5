import { treeArchive } from './debian-archive.ts';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';

/** The folder of the tree on a host. */
export const TREE = '/run/tree';

/** The packages in it beside Debian's essential ones. */
const PACKAGES = ['openrc', 'libpcap0.8', 'libstdc++6', 'iproute2', 'nftables', 'passwd', 'procps'];

/** Limit for a whole tree from a slow mirror on a busy machine. */
export const TREE_LIMIT_MS = 600_000;

/**
 * Unpacks a fresh Debian of this machine's release on a host, at TREE. It has the test's own node, because Debian's may be
 * too old. It sees the host's network, processes and devices, and goes with the host.
 */
export async function plantTree(lab: Lab, host: Host): Promise<void> {
  const planted = await lab.run(host, ['sh', '-ec', PLANT, treeArchive(PACKAGES), process.execPath], {
    timeout: TREE_LIMIT_MS,
  });
  if (planted.code !== 0) throw new Error(`no tree: ${planted.stderr}`);
}

const PLANT = `
  mkdir ${TREE}
  tar --extract --file "$0" --directory ${TREE} --exclude './dev/*' --exclude './usr/share/locale/*'
  for folder in proc sys dev; do mount --rbind /$folder ${TREE}/$folder; done
  touch ${TREE}/usr/bin/node
  mount --bind "$1" ${TREE}/usr/bin/node`;

/** The command line that runs a command in the tree. */
export function inTree(...command: readonly string[]): string[] {
  // The PATH of the test may name folders that the tree does not have.
  const environment = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive'];
  return ['chroot', TREE, 'env', '-i', ...environment, ...command];
}
