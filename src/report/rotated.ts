import { readdirSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

/** logrotate's endings: `.1`, and with `dateext` `-20261129`, `-2026112913`, `-2026-11-29` or `-20261129-1795354417`. */
const NUMBER = String.raw`\.(\d{1,5})`;
const DATE = String.raw`[-.](\d{4}-?\d\d-?\d\d(?:-?\d{1,10})?)`;
const GZIP = '.gz';
const OTHER_COMPRESSION = ['.xz', '.zst', '.bz2', '.lz4'];

/** A file that was rotated away: with a number, where 1 is the newest, or with a date. */
interface Rotated {
  readonly name: string;
  readonly number: number;
  readonly date: string;
}

/** The files that belong to one EVENT_FILE, as paths. */
export interface RotatedFiles {
  /** Oldest first; the last one is EVENT_FILE itself, whether or not it exists. */
  readonly paths: readonly string[];
  /** Files with a compression that is not read. */
  readonly unreadable: readonly string[];
}

/**
 * Finds the files that logrotate made of a file: `events.json.1`, `events.json.2.gz`, `events.json-20261129.gz`, and with
 * `extension` `events-20261129.json`. While logrotate compresses a file, it has both names: then the whole one counts.
 * Throws a system error when the folder cannot be read.
 */
export function rotatedFiles(path: string): RotatedFiles {
  const folder = dirname(path);
  const names = new Set(readdirSync(folder));
  const rotated: Rotated[] = [];
  const unreadable: string[] = [];
  for (const name of names) {
    const compression = [GZIP, ...OTHER_COMPRESSION].find((ending) => name.endsWith(ending)) ?? '';
    const plain = name.slice(0, name.length - compression.length);
    const found = rotationOf(plain, basename(path));
    if (found === null || (compression !== '' && names.has(plain))) continue;
    if (OTHER_COMPRESSION.includes(compression)) unreadable.push(join(folder, name));
    else rotated.push({ name, ...found });
  }
  rotated.sort(byAge);
  return { paths: [...rotated.map(({ name }) => join(folder, name)), path], unreadable: unreadable.sort() };
}

/** The number or the date of a name without its compression; null for another file. */
function rotationOf(name: string, base: string): Omit<Rotated, 'name'> | null {
  const extension = extname(base);
  const stem = quoted(base.slice(0, base.length - extension.length));
  const pattern = `^(?:${stem}${quoted(extension)}(?:${NUMBER}|${DATE})|${stem}(?:${NUMBER}|${DATE})${quoted(extension)})$`;
  const match = new RegExp(pattern).exec(name);
  if (match === null) return null;
  const number = match[1] ?? match[3];
  const date = match[2] ?? match[4] ?? '';
  return { number: number === undefined ? 0 : Number(number), date: date.replaceAll('-', '') };
}

/** Numbers before dates, because a configuration gets `dateext` later: a number that is left is older. */
function byAge(one: Rotated, other: Rotated): number {
  if (one.number !== other.number) return other.number - one.number;
  if (one.date !== other.date) return one.date < other.date ? -1 : 1;
  return one.name < other.name ? -1 : 1;
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
