import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';

/** Where a host has its tree. */
export const TREE = '/run/tree';

/** What is in it beside Debian's essential packages. */
const PACKAGES = ['openrc', 'libpcap0.8', 'libstdc++6', 'iproute2', 'procps'];

/** Ms for a whole tree from a slow mirror on a busy machine. */
export const TREE_TIME = 600_000;

/**
 * Unpacks a fresh Debian of this machine's release on a host, at TREE, with the test's own node: Debian's may be
 * too old. It sees the host's network, processes and devices, and is gone with the host.
 */
export async function plantTree(lab: Lab, host: Host): Promise<void> {
  const planted = await lab.run(host, ['sh', '-ec', PLANT, treeArchive(), process.execPath], {
    timeout: 120_000,
  });
  if (planted.code !== 0) throw new Error(`no tree: ${planted.stderr}`);
}

const PLANT = `
  mkdir ${TREE}
  tar --extract --file "$0" --directory ${TREE} --exclude './dev/*'
  for folder in proc sys dev; do mount --rbind /$folder ${TREE}/$folder; done
  touch ${TREE}/usr/bin/node
  mount --bind "$1" ${TREE}/usr/bin/node`;

/** The command that does this in the tree. */
export function inTree(...command: readonly string[]): string[] {
  // Programs of Debian's find each other by PATH, and the test's own names folders that are not there.
  const environment = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive'];
  return ['chroot', TREE, 'env', '-i', ...environment, ...command];
}

/** Made once for a checkout, and again when what is to be in it has changed; `make clean` takes it away. */
function treeArchive(): string {
  const release = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] as string;
  const contents = createHash('sha256').update(PACKAGES.join()).digest('hex').slice(0, 8);
  const archive = resolve(`build/tree-${release}-${contents}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync('build', { recursive: true });
  const unfinished = resolve(`build/unfinished-${process.pid}.tar`);
  const options = [
    '--quiet',
    '--mode=root',
    '--variant=essential',
    `--include=${PACKAGES.join()}`,
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    ...aptSettings().map((setting) => `--aptopt=${setting}`),
  ];
  try {
    execFileSync('mmdebstrap', [...options, release, unfinished, mirrorOf(release)], { stdio: 'pipe' });
    renameSync(unfinished, archive);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return archive;
}

/** Where this machine's own packages come from. */
function mirrorOf(release: string): string {
  const query = ['--format', '$(REPO_URI)', 'Created-By: Packages', `Codename: ${release}`];
  const [mirror] = aptSays('apt-get', ['indextargets', ...query]);
  if (mirror === undefined) throw new Error(`apt has no packages of ${release}: run apt-get update`);
  return mirror;
}

/** How this machine reaches it. */
function aptSettings(): string[] {
  return aptSays('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire::http', 'Acquire::https']).filter(
    (line) => line !== '' && !line.endsWith(' "";'),
  );
}

function aptSays(program: string, args: readonly string[]): string[] {
  return execFileSync(program, args, { encoding: 'utf8' }).split('\n').filter(Boolean);
}
