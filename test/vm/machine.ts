import { execFileSync, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { packageBehind, treeArchive } from '../support/debian-archive.ts';
import { buildNodePackage, buildPackage } from '../support/packaging.ts';

/** What is in the machine's Debian beside the essential packages. */
const PACKAGES = [
  'systemd-sysv',
  'kmod',
  'busybox-static',
  'passwd',
  'libpcap0.8',
  'libstdc++6',
  'iproute2',
  'iputils-ping',
  'procps',
  'nftables',
  'nmap',
];

/** Debian's for virtual machines: smaller, and sooner up. */
const KERNEL = 'linux-image-cloud-amd64';

const MEMORY = '1024';

/** No error of the kernel's in the midst of a line of ours, and the end of the machine when it panics. */
const KERNEL_WORDS = 'console=ttyS0 root=/dev/vda rw quiet loglevel=1 panic=-1 systemd.show_status=0';

/** Makes in `folder` what the machine comes up from, with the built program's package and this node. */
export function makeImage(folder: string): void {
  const parts = [treeArchive(PACKAGES), packageBehind(KERNEL), process.execPath];
  const packages = ['nodejs', 'portsentry'].map((name) => `${folder}/${name}.deb`);
  execFileSync('cp', [buildNodePackage(), packages[0] as string]);
  execFileSync('cp', [buildPackage(), packages[1] as string]);
  execFileSync(resolve('test/vm/make-image'), [folder, ...parts, ...packages], { stdio: 'pipe' });
}

/**
 * Runs the machine until it is switched off, and tells what came over its serial line. `onLine` gets each line as it
 * comes. After `patience` (ms) it is switched off by force.
 */
export async function runMachine(
  folder: string,
  patience: number,
  onLine: (line: string) => void,
): Promise<string[]> {
  const drive = `file=${folder}/disk,if=virtio,format=raw,cache=unsafe`;
  const machine = spawn(
    'qemu-system-x86_64',
    [
      // Where there is no KVM it is emulated, which takes ten times as long.
      ...['-accel', 'kvm', '-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', MEMORY],
      ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
      ...['-kernel', `${folder}/kernel`, '-initrd', `${folder}/initrd`, '-append', KERNEL_WORDS],
      ...['-drive', drive],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines: string[] = [];
  for (const input of [machine.stdout, machine.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      onLine(line);
    });
  }
  const end = () => machine.kill('SIGKILL');
  const timer = setTimeout(end, patience);
  process.once('exit', end);
  await new Promise<void>((settle, fail) => machine.once('close', settle).once('error', fail));
  process.off('exit', end);
  clearTimeout(timer);
  return lines;
}
