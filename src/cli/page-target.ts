import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { systemReason } from '../capture/file/input.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import type { ReportInput } from './report-input.ts';

const STDIN = 0;

/** How each page begins. */
const BEGINNING = '<!doctype html>';

/**
 * Refuses a page that would replace something else than a page: an input of the report, or a file with other content.
 * Throws a CommandError: 64 for those, 74 when an existing file cannot be read.
 */
export function checkPageTarget(path: string, input: ReportInput): void {
  const target = lstatSync(path, { throwIfNoEntry: false });
  // Anything else is refused when the page is written.
  if (target?.isFile() !== true) return;
  if (isInput(target, input))
    throw new CommandError(
      Exit.usage,
      `--html: ${path} is read for this report; name another file for the page`,
    );
  if (target.size > 0 && !isPage(path))
    throw new CommandError(
      Exit.usage,
      `--html: ${path} has something else than a page in it (no ${BEGINNING} at its beginning); name another file, or remove it`,
    );
}

function isInput({ dev, ino }: Stats, { events, streams, captures }: ReportInput): boolean {
  if (events.some(({ identity }) => identity === `${dev} ${ino}`)) return true;
  const isSame = (other: Stats | undefined) => other?.dev === dev && other.ino === ino;
  if (captures.some((capture) => isSame(statSync(capture, { throwIfNoEntry: false })))) return true;
  // A shell may have opened the file as standard input.
  return streams.length > 0 && isSame(fstatSync(STDIN));
}

function isPage(path: string): boolean {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const head = Buffer.alloc(BEGINNING.length);
      const length = readSync(descriptor, head, 0, head.length, 0);
      return head.toString('latin1', 0, length).toLowerCase() === BEGINNING;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new CommandError(Exit.ioError, `--html: ${path}: ${systemReason(error)}`);
  }
}
