import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { libraryOf } from './files.ts';

/** What the service starts. */
export interface Program {
  /** The path in units and scripts. */
  readonly program: string;
  /** The text of that file if setup writes it, else null. */
  readonly wrapper: string | null;
  /** The files that run then. */
  readonly runs: readonly string[];
}

/** A path that neither a shell nor systemd reads otherwise. */
const GOOD_PATH = /^\/[\w.+@/-]*$/;
/** The same in words. */
export const PATH_EXPECTED = 'a path from the root, of letters, digits and . _ + @ -';

/** Whether units and scripts can name the path. */
export function goodPath(path: string): boolean {
  return GOOD_PATH.test(path);
}

/**
 * The named program; else `main` itself if its first line says which node runs it; else a script that runs it with this
 * node, because the native module was built for this one, and `env` would take whichever is first in PATH.
 */
export function chooseProgram(named: string | undefined, main: string, prefix: string): Program {
  if (named !== undefined) return { program: named, wrapper: null, runs: [named, ...interpreter(named)] };
  const [node] = interpreter(main);
  if (node !== undefined && basename(node) !== 'env' && goodPath(main))
    return { program: main, wrapper: null, runs: [main, node] };
  const program = `${libraryOf(prefix)}/portsentry`;
  return { program, wrapper: wrapperText(process.execPath, main), runs: [process.execPath, main] };
}

/** What the first line names; nothing for a program that is not there yet, or has no such line. */
function interpreter(path: string): string[] {
  const name = existsSync(path) ? /^#!\s*(\/\S+)/.exec(beginning(path))?.[1] : undefined;
  return name === undefined ? [] : [name];
}

/** The first 256 bytes. */
function beginning(path: string): string {
  const buffer = Buffer.alloc(256);
  const fd = openSync(path, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } finally {
    closeSync(fd);
  }
}

/** The script that runs `main` with `node`. */
export function wrapperText(node: string, main: string): string {
  const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;
  return `#!/bin/sh\nexec ${quoted(node)} ${quoted(main)} "$@"\n`;
}
