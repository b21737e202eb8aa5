import { expect, test } from 'vitest';
import { type Machine, reasonOf } from './lab-needs.ts';

/** When the lab cannot make a host, its message names what this machine lacks, and nothing else. */

const WHOLE: Machine = {
  isRoot: true,
  mayAdminister: true,
  programs: ['unshare', 'nsenter', 'mount', 'ip', 'bash'],
  namespaces: ['net', 'mnt', 'pid'],
};

test.each<[string, Partial<Machine>, complaint: string, reason: string]>([
  [
    'root',
    { isRoot: false, mayAdminister: false },
    'unshare: Operation not permitted',
    'run these tests as root',
  ],
  ['CAP_SYS_ADMIN', { mayAdminister: false }, 'unshare: Operation not permitted', 'root needs CAP_SYS_ADMIN'],
  [
    'ip',
    { programs: ['unshare', 'nsenter', 'mount', 'bash'] },
    'title: line 20: ip: command not found',
    'the lab needs ip, not found in PATH: apt-get install iproute2',
  ],
  ['unshare', { programs: [] }, 'spawn unshare ENOENT', 'apt-get install util-linux mount iproute2 bash'],
  ['namespaces', { namespaces: ['mnt'] }, 'unshare: Invalid argument', 'this kernel does not have: net, pid'],
  [
    'overlayfs',
    {},
    "mount: unknown filesystem type 'overlay'.",
    'the lab needs a kernel with overlayfs: mount: ',
  ],
  ['room for one more', {}, 'unshare: unshare failed: No space left on device', 'user.max_net_namespaces'],
  ['something else', {}, 'mount: /sys: busy.', 'the lab could not make a host: mount: /sys: busy.'],
])('without %s', (_what, lacking, complaint, reason) => {
  expect(reasonOf(complaint, { ...WHOLE, ...lacking })).toContain(reason);
});
