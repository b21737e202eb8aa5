import { chmodSync, rmSync } from 'node:fs';
import { treeArchive } from './debian-archive.ts';
import { unpackTree } from './debian-tree.ts';
import { writeFile } from './detector.ts';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';

/** Where the programs of `withNft` are. /run is the host's own. */
const FOLDER = '/run/lab-nft';

/** Programs that take the place of nft. */
const WRAPPERS = {
  /** One like nft 1.0.1: its dialog takes no owner of a table for good language. */
  'knows no owners': `
[ "$1" = -i ] || exec /usr/sbin/nft "$@"
exec /usr/sbin/nft "$@" < <(exec sed -u 's/flags owner/flags nobody/')
`,
  /** One like nft 1.0.6 beside a table of nft 1.1.3. */
  'dies of a signal': 'kill -SEGV $$',
  /** One that fails as long as there is a file. */
  'fails now and then': `
[ ! -e ${FOLDER}/fails ] || { echo 'Error: no room' >&2; exit 1; }
exec /usr/sbin/nft "$@"
`,
} as const;

/** What nft reads beside its libraries is the list of terminals. */
const NFT_PACKAGES = ['nftables', 'ncurses-base'];

export type NftFault = keyof typeof WRAPPERS;

/** The environment in which a program of the host finds an nft with this fault before the real one. */
export function withNft(host: Host, fault: NftFault): Record<string, string> {
  return withProgram(host, FOLDER, WRAPPERS[fault]);
}

/** Makes the nft that fails now and then fail, or work again. */
export function setFailing(host: Host, fails: boolean): void {
  if (fails) writeFile(host, `${FOLDER}/fails`, '');
  else rmSync(host.path(`${FOLDER}/fails`));
}

/** The same with the nft of a Debian release, which runs with the libraries of that release. */
export async function withNftOf(lab: Lab, host: Host, release: string): Promise<Record<string, string>> {
  const tree = `/run/debian-${release}`;
  await unpackTree(lab, host, treeArchive(NFT_PACKAGES, { release, variant: 'extract' }), tree);
  // The links of base-files, where the packages rely on them.
  const merge = 'for name in bin sbin lib lib64; do [ -e "$0/$name" ] || ln -s "usr/$name" "$0/$name"; done';
  await lab.run(host, ['sh', '-c', merge, tree]);
  return withProgram(host, `${FOLDER}-${release}`, `exec chroot ${tree} /usr/sbin/nft "$@"`);
}

function withProgram(host: Host, folder: string, script: string): Record<string, string> {
  writeFile(host, `${folder}/nft`, `#!/bin/bash\n${script}\n`);
  chmodSync(host.path(`${folder}/nft`), 0o755);
  return { PATH: `${folder}:${process.env.PATH}` };
}
