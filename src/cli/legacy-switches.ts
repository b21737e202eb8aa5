import { MODE_NAMES } from '../config/config.ts';

/** The switches of PortSentry 1.x: each mode with one dash. */
export const LEGACY_SWITCHES: ReadonlySet<string> = new Set(MODE_NAMES.map((mode) => `-${mode}`));

/** The modes that each switch of PortSentry 2.x stands for. */
export const MODES_OF_2X = { stealth: 'stcp,sudp', connect: 'tcp,udp' } as const;

/** A short option that takes a value, with the value in the same word, as getopt_long(3) of PortSentry 2.x takes it. */
const WITH_VALUE = /^(-[cilm])([^=].*)$/;

/**
 * Rewrites `-atcp` as `--mode=atcp` and `-lstdout` as `-l stdout`, because our option parser reads them as `-a -t -c -p`
 * and `-l -s -t`.
 */
export function expandLegacySwitches(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.flatMap((argument, index) => {
    if (end >= 0 && index > end) return [argument];
    if (LEGACY_SWITCHES.has(argument)) return [`--mode=${argument.slice(1)}`];
    const [, option, value] = WITH_VALUE.exec(argument) ?? [];
    return option === undefined || value === undefined ? [argument] : [option, value];
  });
}
