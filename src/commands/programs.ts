import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';
import { fullPath } from './full-path.ts';

/** A word, a quoted part, an operator between commands, or a redirection with its file. */
const TOKEN = /\d*[<>]{1,2}&?\s*[^\s;&|()<>]+|[;&|(){}\n]+|(?:"[^"]*"|'[^']*'|\\.|[^\s;&|(){}"'\\<>])+/g;
const OPERATOR = /^[;&|(){}\n]+$/;
const REDIRECTION = /^\d*[<>]/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/** Words before the name of a command (POSIX, shell reserved words, and built-ins that take a command). */
const BEFORE = new Set([
  '!',
  'if',
  'then',
  'elif',
  'else',
  'while',
  'until',
  'do',
  'exec',
  'command',
  'time',
]);
/** Built into the shell, or the end or head of a compound command, which names no program. */
const BUILT_IN = new Set(
  (
    '. : [ alias bg break case cd continue done echo esac eval exit export false fc fg fi for getopts hash in jobs ' +
    'kill local printf pwd read readonly return set shift test times trap true type ulimit umask unset wait'
  ).split(' '),
);

/**
 * The programs that a shell command names, each once: the first word of each simple command. What the shell makes up
 * only when it runs (`$X`, a quoted script) is left out.
 */
export function programsOf(command: string): string[] {
  const programs = new Set<string>();
  let atStart = true;
  for (const [token] of command.matchAll(TOKEN)) {
    if (OPERATOR.test(token)) atStart = true;
    else if (atStart && !REDIRECTION.test(token) && !ASSIGNMENT.test(token) && !BEFORE.has(token)) {
      const name = token.replace(/^(["'])(.*)\1$/, '$2');
      if (!BUILT_IN.has(name) && /^[\w./+-]+$/.test(name)) programs.add(name);
      atStart = false;
    }
  }
  return [...programs];
}

/** Why a program cannot be run; null when it can. A name without a slash is looked for as a KILL_ command does it. */
export function whyNotRunnable(program: string, path = fullPath(env.PATH)): string | null {
  if (program.includes('/')) return whyNotFile(program);
  const found = path.split(delimiter).some((folder) => whyNotFile(join(folder, program)) === null);
  return found ? null : 'it is in no folder of PATH';
}

function whyNotFile(file: string): string | null {
  try {
    if (!statSync(file).isFile()) return 'it is no file';
    accessSync(file, constants.X_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EACCES' ? 'it may not be executed' : 'there is no such file';
  }
}
