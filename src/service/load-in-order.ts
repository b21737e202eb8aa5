import { readFileSync } from 'node:fs';
import { availableDescriptors } from '../listen/descriptors.ts';

/** Enough descriptors to open all modules of the program at once. */
const ENOUGH_DESCRIPTORS = 512;

/** An import of another module of this program, as the compiler writes it. */
const IMPORT = /^import [^;]*?from '(\.[^']+)';/gm;

/**
 * Loads a module and its imports one file at a time when descriptors are few. Node opens all imports at once, and exits
 * when it cannot open one (EMFILE).
 */
export async function loadInOrder(module: URL): Promise<void> {
  if (availableDescriptors() < ENOUGH_DESCRIPTORS) await loadAfterImports(module, new Set());
}

async function loadAfterImports(module: URL, loaded: Set<string>): Promise<void> {
  if (loaded.has(module.href)) return;
  loaded.add(module.href);
  for (const [, name] of readFileSync(module, 'utf8').matchAll(IMPORT)) {
    await loadAfterImports(new URL(name as string, module), loaded);
  }
  await import(module.href);
}
