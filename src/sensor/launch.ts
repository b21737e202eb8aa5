import { type Capability, capabilityMask, capabilitySet } from '../capture/capabilities.ts';

/**
 * What a sensor of root needs until its devices are open: to open them, to give up root, and to read its own program in
 * a folder of another user. It loses all of them with root.
 */
const UNTIL_OPEN: readonly Capability[] = [
  'CAP_DAC_READ_SEARCH',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
];

/** The only variable of a sensor: where its helpers are. Others could change what Node or a library does. */
export const SENSOR_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/**
 * The commands, each of which runs the next, that start a sensor with few capabilities and no way to more; Node has no
 * call for either. The last of them empties the bounding set, so the first must have made inheritable what is needed
 * until then: setpriv cannot do both at once. Without CAP_SETPCAP the bounding set stays as it is. `status` is the text
 * of /proc/self/status.
 */
export function launcher(isRoot: boolean, status?: string): string[] {
  const held = capabilitySet(isRoot ? 'CapEff' : 'CapAmb', status);
  const isHeld = (name: Capability) => (held & capabilityMask(name)) !== 0n;
  if (!isRoot) {
    // Without new privileges a Node that has CAP_NET_RAW from its file would lose it.
    if (!isHeld('CAP_NET_RAW')) return [];
    const caps = '-all,+net_raw';
    return ['setpriv', `--inh-caps=${caps}`, `--ambient-caps=${caps}`, '--no-new-privs'];
  }
  if (!isHeld('CAP_SETPCAP')) return ['setpriv', '--no-new-privs'];
  const kept = UNTIL_OPEN.filter(isHeld).map((name) => `,+${name.slice('CAP_'.length).toLowerCase()}`);
  return ['setpriv', `--inh-caps=-all${kept.join('')}`, 'setpriv', '--bounding-set=-all', '--no-new-privs'];
}
