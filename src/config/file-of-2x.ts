import type { Settings } from './cross-checks.ts';
import { DIRECTIVES, type Field } from './directives.ts';

/** The keys of 1.x that 2.x no longer has. */
const ONLY_IN_1X = [
  'advancedPortsTcp',
  'advancedPortsUdp',
  'advancedExcludeTcp',
  'advancedExcludeUdp',
] as const satisfies readonly Field[];

/** The lists whose absence means something in a file of 2.x. */
const PORT_LISTS = ['tcpPorts', 'udpPorts'] as const satisfies readonly Field[];

/**
 * Whether the file is one of PortSentry 2.x: it has a list of ports, and none of the keys that only 1.x has. 1.x ships
 * all of them, and does not start without both lists.
 */
export function isFileOf2x(settings: Settings): boolean {
  const isSet = (field: Field) => settings.has(DIRECTIVES[field].key);
  return PORT_LISTS.some(isSet) && !ONLY_IN_1X.some(isSet);
}

/** The value that a key has when the file leaves it out: in a file of 2.x an absent list of ports is empty. */
export function absentValue(field: Field, settings: Settings): string {
  const isEmpty = PORT_LISTS.some((list) => list === field) && isFileOf2x(settings);
  return isEmpty ? '' : (DIRECTIVES[field].default ?? '');
}
