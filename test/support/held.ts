import type { Lab } from './lab.ts';
import type { Host, RunOptions } from './lab-host.ts';

/** The sets of the kernel sensor that name held sources. */
const HELD_SETS = ['held4', 'held6', 'held6_64'];

interface Listing {
  readonly nftables: readonly {
    readonly set?: { readonly name: string; readonly elem?: readonly Element[] };
    readonly counter?: { readonly name: string; readonly packets: number };
  }[];
}

/** An element with a time-out has a value and more; one without is the value itself. */
type Element = string | { readonly elem: { readonly val: string } };

/**
 * The sources that the kernel sensor of the host holds now; an IPv6 network by its first address. `options` may name another
 * nft to ask.
 */
export async function heldBy(lab: Lab, host: Host, options: RunOptions = {}): Promise<string[]> {
  const sets = await Promise.all(HELD_SETS.map((set) => elementsOf(lab, host, set, options)));
  return sets.flat();
}

/** The elements of one set of the kernel sensor. */
export async function elementsOf(
  lab: Lab,
  host: Host,
  name: string,
  options: RunOptions = {},
): Promise<string[]> {
  const { nftables } = await list(lab, host, ['set', 'inet', 'portsentry_sensor', name], options);
  const elements = nftables.flatMap(({ set }) => set?.elem ?? []);
  return elements.map((element) => (typeof element === 'string' ? element : element.elem.val));
}

/** What the kernel sensor has counted under a name; `probes` are the packets that it judged to be somebody's knocking. */
export async function sensorCount(lab: Lab, host: Host, name: string): Promise<number> {
  const { nftables } = await list(lab, host, ['counters', 'table', 'inet', 'portsentry_sensor']);
  const found = nftables.find(({ counter }) => counter?.name === name);
  if (found?.counter === undefined) throw new Error(`the sensor has no counter ${name}`);
  return found.counter.packets;
}

async function list(
  lab: Lab,
  host: Host,
  what: readonly string[],
  options: RunOptions = {},
): Promise<Listing> {
  const { code, stdout, stderr } = await lab.run(host, ['nft', '-j', 'list', ...what], options);
  if (code !== 0) throw new Error(`nft: ${stderr}`);
  return JSON.parse(stdout) as Listing;
}
