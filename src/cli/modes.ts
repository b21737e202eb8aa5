import type { ModeName } from '../config/config.ts';
import { modeList, transportOfMode } from '../config/modes.ts';
import type { Modes } from '../watch/watched-ports.ts';
import { CommandError, Exit } from './exit.ts';

/** The switches of PortSentry 1.x, with one dash. */
export const LEGACY_SWITCHES = new Set(['-tcp', '-stcp', '-atcp', '-udp', '-sudp', '-audp']);

/** Rewrites `-atcp` as `--mode=atcp`: a parser of options would take it for `-a -t -c -p`. */
export function expandLegacySwitches(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((argument, index) =>
    LEGACY_SWITCHES.has(argument) && (end < 0 || index < end) ? `--mode=${argument.slice(1)}` : argument,
  );
}

/** The modes that the words of --mode name, each a list; usage error 64 when they do not go together. */
export function parseModes(words: readonly string[]): Modes | null {
  if (words.length === 0) return null;
  const parsed = modeList.parse(words.join(','));
  if (!parsed.ok) {
    const said = words.join(',');
    throw new CommandError(Exit.usage, `--mode ${said}: expected ${parsed.expected}, found ${parsed.found}`);
  }
  if (parsed.value.length === 0) throw new CommandError(Exit.usage, '--mode: expected a mode, found nothing');
  return modesOf(parsed.value);
}

/** One mode for each transport. */
export function modesOf(names: readonly ModeName[]): Modes {
  const of = (transport: string) => names.find((name) => transportOfMode(name) === transport) ?? null;
  return { tcp: of('tcp') as Modes['tcp'], udp: of('udp') as Modes['udp'] };
}

/** The modes that were asked for, TCP first. */
export function modeNames(modes: Modes): ModeName[] {
  return [modes.tcp, modes.udp].filter((mode) => mode !== null);
}
