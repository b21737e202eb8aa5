import { closeSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { formatOf, MAGIC_BYTES } from './format.ts';
import { openTemporary } from './temporary-file.ts';

/**
 * Copies an input that can be read only once to a temporary file, and returns its descriptor. The copy stops early when the input is not a capture, so that
 * an endless one does not fill the disk. Rejects with the system's error when reading or writing fails.
 */
export async function spool(input: Readable): Promise<number> {
  const descriptor = openTemporary();
  try {
    let head = new Uint8Array(0);
    for await (const chunk of input as AsyncIterable<Uint8Array>) {
      writeFileSync(descriptor, chunk);
      if (head.length >= MAGIC_BYTES) continue;
      head = Uint8Array.from([...head, ...chunk.subarray(0, MAGIC_BYTES)]);
      if (head.length >= MAGIC_BYTES && formatOf(head) === 'none') break;
    }
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
