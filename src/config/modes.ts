import type { ModeTransport } from '../net/protocol.ts';
import { type Config, MODE_NAMES, type ModeName } from './config.ts';
import { bad, good, knownWord, listWords, type Parsed, type ValueKind } from './values.ts';

/** The modes of one run: at most one per transport. */
export interface Modes {
  readonly tcp: Extract<ModeName, `${string}tcp`> | null;
  readonly udp: Exclude<ModeName, `${string}tcp`> | null;
}

const DEFAULT_MODES: readonly ModeName[] = ['atcp', 'audp'];

/** A list such as `stcp,sudp` with at most one mode per transport. It may be empty. */
export const modeList: ValueKind<readonly ModeName[]> = {
  parse: parseModes,
  format: (modes) => modes.join(','),
};

/** The modes that run when the command line names none: those of MODES, otherwise the default. */
export function startedModes(config: Config): readonly ModeName[] {
  return config.modes.length > 0 ? config.modes : DEFAULT_MODES;
}

/** The transport that a mode watches. */
export function transportOfMode(mode: ModeName): ModeTransport {
  return mode.endsWith('tcp') ? 'tcp' : 'udp';
}

/** Sorts a list of modes by transport. */
export function modesOf(names: readonly ModeName[]): Modes {
  const of = (transport: string) => names.find((name) => transportOfMode(name) === transport) ?? null;
  return { tcp: of('tcp') as Modes['tcp'], udp: of('udp') as Modes['udp'] };
}

/** The modes as a list, TCP first. */
export function modeNames(modes: Modes): ModeName[] {
  return [modes.tcp, modes.udp].filter((mode) => mode !== null);
}

function parseModes(text: string): Parsed<readonly ModeName[]> {
  const modes: ModeName[] = [];
  for (const item of listWords(text)) {
    const known = knownWord(item, MODE_NAMES);
    if (!known.ok) return known;
    const mode = known.value;
    if (modes.some((other) => transportOfMode(other) === transportOfMode(mode))) {
      const transport = transportOfMode(mode).toUpperCase();
      return bad(`at most one ${transport} mode`, item.text, item.offset);
    }
    modes.push(mode);
  }
  return good(modes);
}
