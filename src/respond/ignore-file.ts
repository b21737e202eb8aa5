import type { Finding } from '../config/finding.ts';
import { readRegular } from '../files/read-regular.ts';
import { parseAddress } from '../net/address.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';

/** The longest file that is read: a million networks. */
const MAX_IGNORE_BYTES = 16 * 1024 * 1024;

/** An address or prefix that is never blocked. */
export interface IgnoreEntry {
  readonly prefix: Prefix;
  /** As written in the file, so that people can find it there. */
  readonly text: string;
  /** The path of the ignore file. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** The entries of an ignore file, and what is wrong with it. */
export interface IgnoreList {
  readonly entries: readonly IgnoreEntry[];
  readonly findings: readonly Finding[];
}

/** Reads IGNORE_FILE. A missing file is a warning and spares no one; an unreadable one is an error. */
export async function loadIgnoreFile(path: string): Promise<IgnoreList> {
  try {
    return parseIgnoreFile(readIgnoreFile(path), path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const finding: Finding =
      code === 'ENOENT'
        ? fileFinding(path, 'warning', 'there is no such file, so only this host itself is spared')
        : fileFinding(path, 'error', `cannot be read: ${message}`);
    return { entries: [], findings: [finding] };
  }
}

/** The text of IGNORE_FILE. Throws for a file that cannot be read, is none, or is too long. */
export function readIgnoreFile(path: string): string {
  const bytes = readRegular(path, MAX_IGNORE_BYTES + 1);
  if (bytes.length > MAX_IGNORE_BYTES) throw new Error(`it has more than ${MAX_IGNORE_BYTES} bytes`);
  return bytes.toString('utf8');
}

/** Parses an ignore file: an address or prefix per line, blank lines, and comments from `#` to the end of a line. */
export function parseIgnoreFile(text: string, file: string): IgnoreList {
  const entries: IgnoreEntry[] = [];
  const findings: Finding[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    const code = whole.replace(/#.*/s, '');
    const entry = code.trim();
    if (entry === '') continue;
    const place = { file, line: index + 1, column: code.indexOf(entry) + 1 };
    const warn = (message: string) => findings.push({ severity: 'warning', ...place, message });
    const [word = '', ...rest] = entry.split(/\s+/);
    const prefix = parseEntry(word);
    // Two addresses on one line mean both.
    if (prefix === null || rest.some((other) => parseEntry(other) !== null)) {
      findings.push({ severity: 'error', ...place, message: expected(entry) });
      continue;
    }
    // PortSentry 1.2 read an entry up to the first blank.
    if (rest.length > 0) warn(`what follows "${word}" is not read; begin a comment with #`);
    entries.push({ prefix, text: word, file, line: index + 1 });
    if (/\/0(\.0\.0\.0)?$/.test(word)) warn(`"${word}" spares every source of its family`);
  }
  return { entries, findings };
}

function fileFinding(file: string, severity: Finding['severity'], message: string): Finding {
  return { severity, file, line: 0, column: 0, message };
}

/** `ADDR`, `ADDR/LENGTH`, or IPv4's `ADDR/NETMASK`. */
function parseEntry(entry: string): Prefix | null {
  const netmask = /^([\d.]+)\/(\d+\.[\d.]+)$/.exec(entry);
  if (netmask === null) return parsePrefix(entry);
  const length = lengthOfNetmask(netmask[2] as string);
  return length === null ? null : parsePrefix(`${netmask[1]}/${length}`);
}

/** The number of leading one bits; null when a one follows a zero, which no prefix can express. */
function lengthOfNetmask(text: string): number | null {
  const mask = parseAddress(text);
  if (mask === null) return null;
  const hostBits = ~mask.w3 >>> 0;
  return (hostBits & (hostBits + 1)) === 0 ? Math.clz32(hostBits) : null;
}

function expected(entry: string): string {
  const shown = JSON.stringify(entry.length > 60 ? `${entry.slice(0, 60)}...` : entry);
  return `expected an IPv4 or IPv6 address or prefix such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32, found ${shown}`;
}
