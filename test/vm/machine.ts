import { execFileSync, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { packageBehind, treeArchive } from '../support/debian-archive.ts';
import { buildNodePackage, buildPackage } from '../support/packaging.ts';

/** The packages of the machine's Debian, besides the essential ones. */
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

/** Debian's kernel for virtual machines, which is smaller and boots faster. */
const KERNEL = 'linux-image-cloud-amd64';

const MEMORY_MIB = '1024';

/** Keeps kernel messages out of the lines of the test, and ends the machine on a panic. */
const KERNEL_ARGUMENTS = 'console=ttyS0 root=/dev/vda rw quiet loglevel=1 panic=-1 systemd.show_status=0';

/** Writes the machine's kernel, initrd and disk into `folder`, with packages of the built program and of this Node. */
export function makeImage(folder: string): void {
  const parts = [treeArchive(PACKAGES), packageBehind(KERNEL), process.execPath];
  const packages = ['nodejs', 'portsentry'].map((name) => `${folder}/${name}.deb`);
  execFileSync('cp', [buildNodePackage(), packages[0] as string]);
  execFileSync('cp', [buildPackage(), packages[1] as string]);
  execFileSync(resolve('test/vm/make-image'), [folder, ...parts, ...packages], { stdio: 'pipe' });
}

/**
 * Runs the machine until it powers off and resolves to the lines of its serial console. Calls `onLine` with each line as
 * it arrives. Kills the machine after `timeoutMs`.
 */
export async function runMachine(
  folder: string,
  timeoutMs: number,
  onLine: (line: string) => void,
): Promise<string[]> {
  const drive = `file=${folder}/disk,if=virtio,format=raw,cache=unsafe`;
  const machine = spawn(
    'qemu-system-x86_64',
    [
      // Without KVM, QEMU emulates the processor, which takes ten times as long.
      ...['-accel', 'kvm', '-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', MEMORY_MIB],
      ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
      ...['-kernel', `${folder}/kernel`, '-initrd', `${folder}/initrd`, '-append', KERNEL_ARGUMENTS],
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
  const kill = () => machine.kill('SIGKILL');
  const timer = setTimeout(kill, timeoutMs);
  process.once('exit', kill);
  await new Promise<void>((settle, fail) => machine.once('close', settle).once('error', fail));
  process.off('exit', kill);
  clearTimeout(timer);
  return lines;
}
