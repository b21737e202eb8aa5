import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { shellCommands } from '../config/shell-words.ts';

/** What dash and bash do themselves. */
const BUILT_IN = new Set(
  '. : [ alias bg break cd command continue echo eval exec exit export false fg getopts hash jobs kill local printf pwd read readonly return set shift test times trap true type ulimit umask unalias unset wait'.split(
    ' ',
  ),
);

/**
 * The programs that a command line calls and this host cannot run, each with the reason. Only plain commands are looked
 * at. `path` is the PATH of the shell.
 */
export function missingPrograms(command: string, path: string): string[] {
  const names = (shellCommands(command) ?? firstWord(command)).map(({ words }) => {
    return words.find(({ text }) => !/^\w+=/.test(text))?.text ?? '';
  });
  return [...new Set(names)].flatMap((name) => {
    if (name === '' || name.includes('$') || BUILT_IN.has(name)) return [];
    if (name.startsWith('/')) return troubleOf(name) ?? [];
    // A relative path depends on the folder in which portsentry starts.
    if (name.includes('/')) return [];
    const found = path.split(':').some((folder) => troubleOf(join(folder, name)) === null);
    return found ? [] : [`${name} is in no folder of ${path}`];
  });
}

/** The program of a command line that is more than a list of plain commands, if it begins with a path. */
function firstWord(command: string) {
  const text = /^\s*(\/[\w./+-]+)(?=\s|$)/.exec(command)?.[1];
  return text === undefined ? [] : [{ words: [{ text }] }];
}

function troubleOf(file: string): string | null {
  try {
    if (!statSync(file).isFile()) return `${file} is no program`;
    accessSync(file, constants.X_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? `${file} does not exist on this host`
      : `${file} may not be executed (${code})`;
  }
}
