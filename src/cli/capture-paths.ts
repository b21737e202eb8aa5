import { closeSync, type Dirent, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Format, formatOf } from '../capture/file/format.ts';
import { systemReason } from '../capture/file/input.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { statOf } from './stat-of.ts';
import { shownText } from './terminal-text.ts';

/** Octets that show whether a compressed file is a capture. Deflate expands them to 4 MiB at most. */
const HEAD_BYTES = 4_096;

const WILDCARD = /[*?[]/;

/** Names of captures, parts of a long one (x.pcap12) and compressed ones among them. */
const CAPTURE_NAME = /\.(p?cap|pcapng)\d*(\.(gz|zst|xz|bz2|lz4|z))?$/i;

/**
 * The captures that each word of a command line stands for: a folder for those in it and in its folders, a pattern with
 * `*`, `?` or `[` for the files that match it, anything else for itself. Files of a folder or pattern are in the order
 * of their names, numbers by their value, as tcpdump counts up the parts of a long capture. Throws a CommandError (66)
 * for a folder without captures, and for a pattern that matches nothing.
 */
export function capturePaths(words: readonly string[]): string[][] {
  return words.map((word) => {
    const kind = kindOf(word);
    if (kind === 'folder') return inFolder(word);
    return kind === 'nothing' && WILDCARD.test(word) ? matching(word) : [word];
  });
}

function kindOf(path: string): 'folder' | 'file' | 'nothing' {
  if (path === '-') return 'file';
  const { stats } = statOf(path);
  if (stats === null) return 'nothing';
  return stats.isDirectory() ? 'folder' : 'file';
}

function inFolder(folder: string): string[] {
  const found = filesBelow(folder).filter(isCapture).sort(byName);
  if (found.length === 0) throw noInput(`${folder}: the folder has no capture file (pcap, pcapng or gzip)`);
  return found;
}

/** Links to folders are not followed, because they may form a circle. A link to nothing is kept: reading it fails. */
function filesBelow(folder: string): string[] {
  return list(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() || (entry.isSymbolicLink() && mayBeFile(path)) ? [path] : [];
  });
}

function matching(pattern: string): string[] {
  const parts = pattern.split('/').filter((part, index, all) => part !== '' || index === all.length - 1);
  const found = expand(pattern.startsWith('/') ? '/' : '', parts).sort(byName);
  if (found.length === 0) throw noInput(`${pattern}: no file matches`);
  return found;
}

/** The files below `base` whose path matches the parts of a pattern. */
function expand(base: string, [part = '', ...rest]: readonly string[]): string[] {
  return namesIn(base, part).flatMap((name) => {
    const path = below(base, name);
    if (rest.length === 0) return mayBeFile(path) ? [path] : [];
    return kindOf(path) === 'folder' ? expand(path, rest) : [];
  });
}

/** The names in a folder that match a part. One without wildcards is not looked for: the folder may not be listed. */
function namesIn(base: string, part: string): string[] {
  if (!WILDCARD.test(part)) return isThere(below(base, part)) ? [part] : [];
  const expression = expressionOf(part);
  return list(base === '' ? '.' : base)
    .map(({ name }) => name)
    .filter((name) => expression.test(name) && (!name.startsWith('.') || part.startsWith('.')));
}

/** The parts joined as they are: `link/..` is not where the link is. */
function below(base: string, name: string): string {
  return base === '' || base.endsWith('/') ? `${base}${name}` : `${base}/${name}`;
}

/** Whether something is there, or the system does not tell. */
function isThere(path: string): boolean {
  const { stats, reason } = statOf(path);
  return stats !== null || reason !== null;
}

/** `*`, `?` and `[...]` of a shell. */
function expressionOf(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (token) => {
    if (token === '*') return '[\\s\\S]*';
    if (token === '?') return '[\\s\\S]';
    if (token.length > 1) return token.replace(/^\[!/, '[^').replace(/\\/g, '\\\\');
    return token.replace(/[.+^${}()|[\]\\/]/, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    // A range such as [z-a].
    return /$^/;
  }
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw noInput(`${folder}: ${systemReason(error)}`);
  }
}

/** Whether the path, which its folder lists, is a file, as far as anybody may know. */
function mayBeFile(path: string): boolean {
  return statOf(path).stats?.isFile() !== false;
}

/**
 * Whether the file has the name of a capture, so that a damaged one is reported when it is read, or begins as a capture
 * does, decompressed if it must be. A pipe would wait for its other end.
 */
export function isCapture(path: string): boolean {
  return CAPTURE_NAME.test(basename(path)) || beginsAsCapture(path);
}

function beginsAsCapture(path: string): boolean {
  const head = new Uint8Array(HEAD_BYTES);
  try {
    const descriptor = openSync(path, 'r');
    try {
      return isCaptureHead(head.subarray(0, readSync(descriptor, head, 0, HEAD_BYTES, 0)));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

function isCaptureHead(head: Uint8Array): boolean {
  const format = formatOf(head);
  return (format === 'gzip' ? formatIn(head) : format) !== 'none';
}

/** The format of what is compressed; `none` for another gzip in it. */
function formatIn(head: Uint8Array): Format {
  // Loaded only for a folder with such files.
  const { constants, gunzipSync } = process.getBuiltinModule('node:zlib');
  try {
    const format = formatOf(gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }));
    return format === 'gzip' ? 'none' : format;
  } catch {
    return 'none';
  }
}

const NAMES = new Intl.Collator('en', { numeric: true });

function byName(one: string, other: string): number {
  return NAMES.compare(one, other) || (one < other ? -1 : 1);
}

function noInput(message: string): CommandError {
  return new CommandError(Exit.noInput, shownText(message));
}
