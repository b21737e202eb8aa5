import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

/** The device number of /dev/null, which many name to mean an empty file. */
const DEV_NULL = 0x103;

/**
 * Reads the first `maxBytes` bytes of a file. A pipe would hang, and a device never end, so both are refused at once, as
 * folders and sockets are. Throws a system error, or one whose message says what the file is.
 */
export function readRegular(path: string, maxBytes: number): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() && !isNull(stat)) throw new NotRegular(stat);
    const chunks: Buffer[] = [];
    for (let left = maxBytes; left > 0; ) {
      const chunk = Buffer.alloc(Math.min(left, 65_536));
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
      left -= length;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(fd);
  }
}

/** A file that is something else; the message is `a pipe, not a file` and the like. */
export class NotRegular extends Error {
  constructor(stat: Stats) {
    super(`${kindOf(stat)}, not a file`);
  }
}

function isNull(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === DEV_NULL;
}

function kindOf(stat: Stats): string {
  if (stat.isFIFO()) return 'a pipe';
  if (stat.isDirectory()) return 'a folder';
  return stat.isSocket() ? 'a socket' : 'a device';
}
