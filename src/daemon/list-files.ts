import { closeSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../commands/failure.ts';
import { removeReplaced, replaceFile } from '../files/replace-file.ts';
import { openRegular } from '../files/safe-path.ts';
import { isListName, MAX_LIST_ENTRIES, MAX_LISTS } from '../firewall/lists/names.ts';
import { makeFolderOf } from '../ledger/folder.ts';
import { reasonOf } from '../ledger/log-file.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';

/** Files of STATE_DIR that begin so are lists. A folder in it would need more care when USER gets all of it. */
const PREFIX = 'list-';

/** The first line: when the list was loaded, ms since the epoch, and from where. */
const HEAD = /^# loaded (\d{1,15})(?: from (.{1,256}))?$/;

/** A loaded list, as it stands in a file. */
export interface StoredList {
  readonly name: string;
  /** Ms since the epoch. */
  readonly loadedAt: number;
  /** Where its members were read; null when unknown. */
  readonly note: string | null;
  readonly prefixes: readonly Prefix[];
}

/** The lists of a former run. A file that cannot be read, or is none of ours, is left out. */
export function readLists(stateDir: string): StoredList[] {
  let names: string[];
  try {
    names = readdirSync(stateDir)
      .filter((file) => file.startsWith(PREFIX))
      .map((file) => file.slice(PREFIX.length))
      .filter(isListName)
      .sort()
      .slice(0, MAX_LISTS);
  } catch {
    return [];
  }
  return names.flatMap((name) => readList(stateDir, name) ?? []);
}

function readList(stateDir: string, name: string): StoredList | null {
  try {
    const fd = openRegular(pathOf(stateDir, name), constants.O_RDONLY);
    let lines: string[];
    try {
      lines = readFileSync(fd, 'utf8').split('\n', MAX_LIST_ENTRIES + 2);
    } finally {
      closeSync(fd);
    }
    const [, loadedAt, note = null] = HEAD.exec(lines[0] ?? '') ?? [];
    if (loadedAt === undefined) return null;
    const prefixes = lines.slice(1).flatMap((line) => parsePrefix(line) ?? []);
    return { name, loadedAt: Number(loadedAt), note, prefixes };
  } catch {
    return null;
  }
}

/** Writes a list for the next start. Resolves to why that failed. */
export async function writeList(stateDir: string, list: StoredList): Promise<Failure> {
  const path = pathOf(stateDir, list.name);
  const from = list.note === null ? '' : ` from ${list.note}`;
  const text = `# loaded ${Math.round(list.loadedAt)}${from}\n${list.prefixes.map((prefix) => `${formatPrefix(prefix)}\n`).join('')}`;
  try {
    await makeFolderOf(path);
    replaceFile(path, text);
    return null;
  } catch (error) {
    return `${path}: ${reasonOf(error)}`;
  }
}

/** Removes the file of a list. Returns why that failed; a file that is not there is removed. */
export function removeList(stateDir: string, name: string): Failure {
  const path = pathOf(stateDir, name);
  try {
    removeReplaced(path);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : `${path}: ${reasonOf(error)}`;
  }
}

function pathOf(stateDir: string, name: string): string {
  return join(stateDir, `${PREFIX}${name}`);
}
