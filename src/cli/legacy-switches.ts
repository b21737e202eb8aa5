import { MODE_NAMES } from '../config/config.ts';

/** The switches of PortSentry 1.x: each mode with one dash. */
export const LEGACY_SWITCHES: ReadonlySet<string> = new Set(MODE_NAMES.map((mode) => `-${mode}`));

/** Rewrites `-atcp` as `--mode=atcp`, because an option parser reads it as `-a -t -c -p`. */
export function expandLegacySwitches(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((argument, index) =>
    LEGACY_SWITCHES.has(argument) && (end < 0 || index < end) ? `--mode=${argument.slice(1)}` : argument,
  );
}
