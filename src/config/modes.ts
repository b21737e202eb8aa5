import type { ModeTransport } from '../net/protocol.ts';
import type { Config, ModeName } from './config.ts';
import { nearest } from './nearest.ts';
import { bad, good, listWords, oneOf, type Parsed, type ValueKind } from './values.ts';

const DEFAULT_MODES: readonly ModeName[] = ['atcp', 'audp'];

const MODES: readonly ModeName[] = ['tcp', 'stcp', 'atcp', 'udp', 'sudp', 'audp'];

/** `stcp,sudp`: at most one mode for each transport. Empty when nothing is said. */
export const modeList: ValueKind<readonly ModeName[]> = {
  parse: parseModes,
  format: (modes) => modes.join(','),
};

/** What runs when the command line names no mode: MODES, else the default. */
export function startedModes(config: Config): readonly ModeName[] {
  return config.modes.length > 0 ? config.modes : DEFAULT_MODES;
}

/** The transport that a mode watches. */
export function transportOfMode(mode: ModeName): ModeTransport {
  return mode.endsWith('tcp') ? 'tcp' : 'udp';
}

function parseModes(text: string): Parsed<readonly ModeName[]> {
  const modes: ModeName[] = [];
  for (const item of listWords(text)) {
    const mode = MODES.find((known) => known === item.text);
    if (mode === undefined) {
      const meant = nearest(item.text, MODES);
      const hint = meant === null ? '' : ` (did you mean ${meant}?)`;
      return bad(`${oneOf(MODES)}${hint}`, item.text, item.offset);
    }
    if (modes.some((other) => transportOfMode(other) === transportOfMode(mode))) {
      const transport = transportOfMode(mode).toUpperCase();
      return bad(`at most one ${transport} mode`, item.text, item.offset);
    }
    modes.push(mode);
  }
  return good(modes);
}
