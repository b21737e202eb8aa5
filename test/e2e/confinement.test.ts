import { afterEach, beforeEach, expect, test } from 'vitest';
import { CONFINED, type Confinement, confinementOf, sensorsOn } from '../support/confinement.ts';
import { CONFIG_FILE, configure, IGNORE_FILE } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { startSyslog } from '../support/services.ts';

/**
 * Fault 27: what the process that reads packets may do, by the way in which the daemon was started; the table of
 * native-notes/privileges.md. Under the init scripts it is in their own tests, under systemd in the virtual machine's.
 */

/** Every user can read the program there, wherever the checkout is. */
const SHOWN = '/run/program';
const NOBODY = 65_534;
const OWN_USER = 64_123;
const USER = 64_124;

const NET_RAW = '2000';
const NET_RAW_AND_ADMIN = '3000';
/** The capabilities that the usual container has (Docker's default). */
const OF_A_CONTAINER =
  'chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap';

interface Way {
  readonly name: string;
  /** A line of /etc/passwd for the sensor. */
  readonly hasOwnUser?: boolean;
  readonly config?: string;
  readonly args?: readonly string[];
  /** Starts "$@". */
  readonly through?: string;
  readonly expected?: Partial<Confinement>;
}

const asAll = (capabilities: string) =>
  capabilities
    .split(',')
    .map((name) => `,+${name}`)
    .join('');

/** An identity map, so that the checkout can be read; its root has no rights outside all the same. */
const IN_A_USER_NAMESPACE = `
  unshare --user --net sleep infinity & holder=$!
  until [ "$(readlink /proc/$holder/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.02; done
  for map in uid_map gid_map; do echo '0 0 65536' > /proc/$holder/$map; done
  exec nsenter --user --net --target $holder "$@"`;

const WAYS: readonly Way[] = [
  {
    name: 'by hand, with a variable and an open file of the administrator',
    through: 'exec 30</etc/hostname; SECRET=yes exec "$@"',
  },
  { name: 'by hand, where no package has made a user', hasOwnUser: false, expected: { user: NOBODY } },
  { name: 'with the packet sensor', config: 'SENSOR="packet"' },
  { name: 'in the background', args: ['-D'] },
  {
    name: 'with USER',
    config: 'USER="plain"',
    expected: { user: USER, capabilities: [NET_RAW, NET_RAW, NET_RAW_AND_ADMIN, NET_RAW] },
  },
  {
    name: 'with USER in the background',
    config: 'USER="plain"',
    args: ['-D'],
    expected: { user: USER, capabilities: [NET_RAW, NET_RAW, NET_RAW_AND_ADMIN, NET_RAW] },
  },
  { name: 'in a user namespace', through: IN_A_USER_NAMESPACE },
  {
    name: 'with the capabilities of a container',
    through: `exec setpriv --bounding-set=-all${asAll(OF_A_CONTAINER)} "$@"`,
  },
  {
    name: 'as root without CAP_SETPCAP',
    through: 'exec setpriv --bounding-set=-setpcap "$@"',
    expected: { capabilities: ['0', '0', expect.stringMatching(/^[0-9a-f]{8,}$/), '0'] as readonly string[] },
  },
];

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'confined' });
  await startSyslog(lab, lab.victim);
});
afterEach(() => lab.close());

test.each(WAYS.map((way) => [way.name, way] as const))(
  '%s',
  async (_name, { hasOwnUser = true, config = '', args = [], through = 'exec "$@"', expected }) => {
    configure(lab.victim, `BLOCK_METHOD="null"\nCONTROL_SOCKET="/run/portsentry/portsentry.sock"\n${config}`);
    const own = hasOwnUser
      ? `echo _portsentry:x:${OWN_USER}:${OWN_USER}::/:/usr/sbin/nologin >> /etc/passwd`
      : '';
    const script = `
    ${own}
    echo plain:x:${USER}:${USER}::/:/usr/sbin/nologin >> /etc/passwd
    echo plain:x:${USER}: >> /etc/group
    mkdir ${SHOWN} && mount --bind "$0" ${SHOWN}
    chmod 755 /etc/portsentry && chmod 644 ${CONFIG_FILE} ${IGNORE_FILE}`;
    const prepared = await lab.run(lab.victim, ['sh', '-ec', script, process.cwd()]);
    expect(prepared.stderr).toBe('');
    const program = [process.execPath, `${SHOWN}/build/bundle/main.js`, '-atcp', '-audp', ...args];
    const started = await lab.start(lab.victim, ['bash', '-ec', through, 'bash', ...program]);
    const isActive = () => started.lines().some((line) => line.endsWith('is now active and listening.'));
    await lab.waitFor(() => started.outcome !== null || isActive());
    expect([started.outcome?.code ?? 0, started.stderr]).toEqual([0, '']);
    const sensors = sensorsOn(lab.victim);
    expect(sensors).toHaveLength(1);
    expect(confinementOf(sensors[0] as number)).toEqual({ user: OWN_USER, ...CONFINED, ...expected });
  },
);
