import { treeArchive } from './debian-archive.ts';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';

/** The folder of the tree on a host. */
export const TREE = '/run/tree';

/** The packages in a usual one beside Debian's essential ones. */
export const TREE_PACKAGES = [
  'openrc',
  'libpcap0.8',
  'libstdc++6',
  'iproute2',
  'nftables',
  'passwd',
  'procps',
];

/** Limit for a whole tree from a slow mirror on a busy machine. */
export const TREE_LIMIT_MS = 600_000;

/**
 * Unpacks a fresh Debian of this machine's release on a host, at TREE. It has the test's own node, because Debian's may be
 * too old. It sees the host's network, processes and devices, and goes with the host.
 */
export async function plantTree(
  lab: Lab,
  host: Host,
  packages: readonly string[] = TREE_PACKAGES,
): Promise<void> {
  await unpackTree(lab, host, treeArchive(packages), TREE);
  const bind = `touch ${TREE}/usr/bin/node; mount --bind "$0" ${TREE}/usr/bin/node`;
  const { code, stderr } = await lab.run(host, ['sh', '-ec', bind, process.execPath]);
  if (code !== 0) throw new Error(`no tree: ${stderr}`);
}

/** Unpacks an archive of `treeArchive` in a folder of a host. */
export async function unpackTree(lab: Lab, host: Host, archive: string, folder: string): Promise<void> {
  const { code, stderr } = await lab.run(host, ['sh', '-ec', UNPACK, archive, folder], {
    timeout: TREE_LIMIT_MS,
  });
  if (code !== 0) throw new Error(`no tree: ${stderr}`);
}

const UNPACK = `
  mkdir -p "$1"
  tar --extract --file "$0" --directory "$1" --exclude './dev/*' --exclude './usr/share/locale/*'
  for name in proc sys dev; do mkdir -p "$1/$name"; mount --rbind /$name "$1/$name"; done`;

/** The command line that runs a command in a tree. */
export function inTree(...command: readonly string[]): string[] {
  // The PATH of the test may name folders that the tree does not have.
  const environment = [
    'PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
    'LC_ALL=C',
    'DEBIAN_FRONTEND=noninteractive',
  ];
  return ['chroot', TREE, 'env', '-i', ...environment, ...command];
}
