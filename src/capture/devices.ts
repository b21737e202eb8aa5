import { readFileSync } from 'node:fs';

/** An interface that is up and has an address. */
export interface Device {
  readonly name: string;
  readonly loopback: boolean;
  /** `02:00:00:00:00:01`; null where the link has none. */
  readonly hardwareAddress: string | null;
  /** A port of a bridge, bond or the like: what it sees is seen on its master, too. */
  readonly enslaved: boolean;
}

/** Words of --interface that stand for several devices. */
export const ALL = 'ALL';
export const ALL_BUT_LOOPBACK = 'ALL_NLO';
/** libpcap's own device that hears on all. */
const ANY = 'any';

/** IFF_UP of the kernel's interface flags. */
const FLAG_UP = 0x1;

/** The devices to open now, of those that are up, for the words of --interface or INTERFACES. */
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

/** The words that name an interface which does not exist. */
export function unknownDevices(words: readonly string[]): string[] {
  const known = new Set([ALL, ALL_BUT_LOOPBACK, ANY, ...deviceNames()]);
  return words.filter((word) => !known.has(word));
}

/** Every interface of this network namespace, up or not. */
export function deviceNames(): string[] {
  // Not /sys/class/net: that may be another namespace's.
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
