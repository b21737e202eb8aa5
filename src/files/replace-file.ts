import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { inFolderOf } from './safe-path.ts';

/** Only the owner may see who is blocked. */
const MODE = 0o600;

/** Replaces a file in one step, so that no reader sees half of it. No link is followed. Throws a system error. */
export function replaceFile(path: string, text: string): void {
  inFolderOf(path, (safe) => {
    rmSync(`${safe}.new`, { force: true });
    writeFileSync(`${safe}.new`, text, { mode: MODE, flag: 'wx' });
    renameSync(`${safe}.new`, safe);
  });
}
