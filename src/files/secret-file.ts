import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { openRegular } from './safe-path.ts';

/** Far more than a token or an address has. */
const MAX_SECRET_BYTES = 4_096;

/** Bits that let the group write, or others do anything. The group may read, because USER may be in it. */
const TOO_OPEN = 0o027;

/** The secret in a file, or why it is not used, in one line without the secret. */
export type Secret = { readonly secret: string } | { readonly trouble: string };

/**
 * Reads a secret: the only line of a file that nobody else can write or read. It must belong to root or to the user of
 * this process. No symbolic link is followed that somebody else could have made. Never throws.
 */
export function readSecret(path: string): Secret {
  const read = readPrivate(path, MAX_SECRET_BYTES + 1);
  return 'trouble' in read ? read : secretOf(path, read.bytes);
}

/**
 * Reads up to `maxBytes` of a file that nobody else can write or read, under the same conditions. Never throws.
 */
export function readPrivate(
  path: string,
  maxBytes: number,
): { readonly bytes: Buffer } | { readonly trouble: string } {
  let fd: number;
  try {
    fd = openRegular(path, constants.O_RDONLY);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { trouble: `${path}: ${REASONS[code ?? ''] ?? code ?? message}` };
  }
  try {
    const { uid, mode } = fstatSync(fd);
    if (uid !== 0 && uid !== process.geteuid?.())
      return { trouble: `${path}: it belongs to user ${uid}: chown root ${path}` };
    if ((mode & TOO_OPEN) !== 0)
      return { trouble: `${path}: others may read or write it: chmod 600 ${path}` };
    const bytes = Buffer.alloc(maxBytes);
    return { bytes: bytes.subarray(0, readSync(fd, bytes)) };
  } catch (error) {
    return { trouble: `${path}: cannot be read (${(error as NodeJS.ErrnoException).code})` };
  } finally {
    closeSync(fd);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
};

function secretOf(path: string, bytes: Buffer): Secret {
  const secret = bytes.toString('latin1').trim();
  if (bytes.length > MAX_SECRET_BYTES)
    return { trouble: `${path}: expected a secret of at most ${MAX_SECRET_BYTES} octets, found more` };
  if (secret === '') return { trouble: `${path}: expected a secret, found an empty file` };
  // What is no printable ASCII cannot stand in a header of HTTP, and a second line would be another header.
  if (/[^\x20-\x7e]/.test(secret))
    return { trouble: `${path}: expected one line of ASCII, found other characters or more lines` };
  return { secret };
}
