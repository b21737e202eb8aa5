import { readdirSync } from 'node:fs';

/** The most files of one folder that are read. */
const MAX_FILES = 64;

/** The file itself, or for a path that ends in a slash the files of that folder in the order of their names. */
export function filesOf(path: string): string[] {
  if (!path.endsWith('/')) return [path];
  try {
    return readdirSync(path)
      .filter((name) => !name.startsWith('.') && !/~$|\.(bak|dpkg-.*|rpm.*)$/.test(name))
      .sort()
      .slice(0, MAX_FILES)
      .map((name) => `${path}${name}`);
  } catch {
    return [];
  }
}
