import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OWNER_ONLY = 0o600;

/**
 * Opens a new file without a name for reading and writing, so that it disappears when it is closed, however this process
 * ends. Throws the system's error.
 */
export function openTemporary(): number {
  const path = join(tmpdir(), `portsentry-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', OWNER_ONLY);
  try {
    unlinkSync(path);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
