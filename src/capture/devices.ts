import { readFileSync } from 'node:fs';

/** A network interface that is up and has an address. */
export interface Device {
  readonly name: string;
  readonly loopback: boolean;
  /** Such as `02:00:00:00:00:01`; null when the link has none. */
  readonly hardwareAddress: string | null;
  /** It is a port of a bridge, a bond or the like, and its frames appear on the master, too. */
  readonly enslaved: boolean;
}

/** The word of --interface for every device. */
export const ALL = 'ALL';
/** The word of --interface for every device except the loopback. */
export const ALL_BUT_LOOPBACK = 'ALL_NLO';
/** The pseudo-device of libpcap that captures on all interfaces. */
export const ANY = 'any';

/** IFF_UP in the kernel's interface flags. */
const FLAG_UP = 0x1;

/** Chooses the devices to open, given the words of --interface or INTERFACES and the devices that are up. */
export function chooseDevices(words: readonly string[], up: readonly Device[]): string[] {
  const chosen = new Set<string>();
  for (const word of words) {
    if (word === ALL || word === ALL_BUT_LOOPBACK) {
      for (const { name, loopback, enslaved } of up) {
        if (!enslaved && (word === ALL || !loopback)) chosen.add(name);
      }
    } else if (word === ANY || up.some(({ name }) => name === word) || isUpWithoutAddress(word)) {
      chosen.add(word);
    }
  }
  return [...chosen];
}

/** The words that name no existing interface. */
export function unknownDevices(words: readonly string[]): string[] {
  const known = new Set([ALL, ALL_BUT_LOOPBACK, ANY, ...deviceNames()]);
  return words.filter((word) => !known.has(word));
}

/** Every interface of this network namespace, up or not. */
export function deviceNames(): string[] {
  // /sys/class/net may belong to another network namespace.
  const rows = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2);
  return rows.map((row) => row.slice(0, Math.max(0, row.indexOf(':'))).trim()).filter((name) => name !== '');
}

function isUpWithoutAddress(name: string): boolean {
  if (!deviceNames().includes(name)) return false;
  try {
    return (Number(readFileSync(`/sys/class/net/${name}/flags`, 'utf8')) & FLAG_UP) !== 0;
  } catch {
    return false;
  }
}
