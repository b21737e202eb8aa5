import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { formatOf, MAGIC_LENGTH } from './format.ts';

const OWNER_ONLY = 0o600;

/**
 * Puts what can be read only once into a file that can be read again, and that has no name: it is gone as soon as
 * it is closed, however this process ends. Returns its descriptor. Stops early when the input is no capture, so
 * that an endless one does not fill the disk. Throws the system's error when reading or writing fails.
 */
export async function spool(input: Readable): Promise<number> {
  const path = join(tmpdir(), `portsentry-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', OWNER_ONLY);
  try {
    unlinkSync(path);
    let head = new Uint8Array(0);
    for await (const chunk of input as AsyncIterable<Uint8Array>) {
      writeFileSync(descriptor, chunk);
      if (head.length >= MAGIC_LENGTH) continue;
      head = Uint8Array.from([...head, ...chunk.subarray(0, MAGIC_LENGTH)]);
      if (head.length >= MAGIC_LENGTH && formatOf(head) === 'none') break;
    }
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
