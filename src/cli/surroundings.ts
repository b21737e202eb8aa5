import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadBinding } from '../capture/live.ts';
import { IS_BUNDLED, programPath } from '../files/program.ts';

/** What libpcap calls itself; the text stands in the file that holds it. */
const LIBPCAP_VERSION = /libpcap version (\d[\w.-]*)/;

/** What this program runs with, a line each. */
export function surroundings(): string {
  const program = IS_BUNDLED ? 'bundled' : 'not bundled';
  const facts = [
    `Node: ${process.versions.node} (${process.execPath})`,
    `libpcap: ${libpcap()}`,
    `Program: ${program} (${dirname(programPath('main'))})`,
  ];
  return `${facts.join('\n')}\n`;
}

/** The version of the libpcap that captures, and where it is: a library of its own, or linked into the native module. */
function libpcap(): string {
  try {
    loadBinding();
    for (const path of loadedFiles()) {
      const version = LIBPCAP_VERSION.exec(readFileSync(path, 'latin1'))?.[1];
      if (version !== undefined) return `${version} (${path})`;
    }
    return 'of unknown version';
  } catch (error) {
    return (error as Error).message;
  }
}

/** The files of this process that may hold libpcap (proc_pid_maps(5)). */
function loadedFiles(): Set<string> {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return new Set(
    [...maps.matchAll(/ (\/.*\/(?:libpcap[^/]*|cap\.node))$/gm)].map(([, path]) => path as string),
  );
}
