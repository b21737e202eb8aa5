import { chmodSync } from 'node:fs';
import { writeFile } from './detector.ts';
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
} as const;

export type NftFault = keyof typeof WRAPPERS;

/** The environment in which a program of the host finds an nft with this fault before the real one. */
export function withNft(host: Host, fault: NftFault): Record<string, string> {
  writeFile(host, `${FOLDER}/nft`, `#!/bin/bash\n${WRAPPERS[fault]}\n`);
  chmodSync(host.path(`${FOLDER}/nft`), 0o755);
  return { PATH: `${FOLDER}:${process.env.PATH}` };
}
