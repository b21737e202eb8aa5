import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The version of the program; packaging/bundle.mjs writes it in. Without a bundle it stands in package.json. */
declare const BUNDLED_VERSION: string;

/** Whether this program is the bundle, all of whose files lie in one folder. */
export const IS_BUNDLED = typeof BUNDLED_VERSION === 'string';

/** This program, and those that it starts in a process or a thread of their own, below `src`. */
const PROGRAMS = {
  main: 'main',
  child: 'sensor/child',
  prober: 'cli/doctor/prober',
  'redis-worker': 'share/redis/redis-worker',
} as const;

/** A file of this program. The native module is looked for from here. */
export const PROGRAM_URL = import.meta.url;

/** The path of this program, or of one that it starts. */
export function programPath(name: keyof typeof PROGRAMS): string {
  return fileURLToPath(new URL(IS_BUNDLED ? `./${name}.js` : `../${PROGRAMS[name]}.js`, PROGRAM_URL));
}

/** The version of this program. */
export function programVersion(): string {
  if (IS_BUNDLED) return BUNDLED_VERSION;
  const text = readFileSync(new URL('../../package.json', PROGRAM_URL), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
