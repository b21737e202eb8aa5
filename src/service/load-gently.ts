import { readFileSync } from 'node:fs';
import { availableDescriptors } from '../listen/descriptors.ts';

/** With more descriptors than the program has modules there is no need for patience. */
const PLENTY = 512;

/** A module that another one of ours names, as the compiler writes it. */
const IMPORT = /^import [^;]*?from '(\.[^']+)';/gm;

/**
 * Loads a module so that no more than one file is open at a time, where descriptors are few: Node opens all that a
 * program names at once, and ends it when one cannot be opened (EMFILE).
 */
export async function loadGently(module: URL): Promise<void> {
  if (availableDescriptors() < PLENTY) await loadAfterItsOwn(module, new Set());
}

async function loadAfterItsOwn(module: URL, loaded: Set<string>): Promise<void> {
  if (loaded.has(module.href)) return;
  loaded.add(module.href);
  for (const [, name] of readFileSync(module, 'utf8').matchAll(IMPORT)) {
    await loadAfterItsOwn(new URL(name as string, module), loaded);
  }
  await import(module.href);
}
