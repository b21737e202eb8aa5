import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ownRelease, Release, treeArchive } from '../support/debian-archive.ts';
import { buildPackage } from '../support/packaging.ts';

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
  'ncat',
];

/** What is taken from the release of the kernel, if that is another one. */
const NFT_PACKAGES = ['libnftnl11', 'libnftables1', 'nftables'];

/** Debian's kernel for virtual machines, which is smaller and boots faster. */
const KERNEL = 'linux-image-cloud-amd64';

/** The files of the disk are in memory, too. */
const MEMORY_MIB = '2048';

const KVM = ['-accel', 'kvm', '-smp', '2'];

/**
 * Without KVM, QEMU emulates the processor. The machine's clock then counts its instructions, a billion a second, and
 * passes over the time in which it waits. So no time limit in the machine depends on how busy this one is.
 */
const EMULATION = ['-accel', 'tcg', '-icount', 'shift=0,sleep=off', '-smp', '1'];

/** Keeps kernel messages out of the lines of the test, and ends the machine on a panic. */
const KERNEL_ARGUMENTS = 'console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off systemd.show_status=0';

/** The parts of `guest/trial`. */
const ALL_PARTS = 'boot,unit,metrics,network,package';

/** What the tests in the machine need besides `guest`. */
const FILES = ['test/support/services/http.mjs'];

/** Which Debian the machine has, and what is tried in it. */
export interface MachineChoice {
  /** The release of everything but the kernel and nft; it must have at least the C library of this machine's. */
  readonly release: string;
  /** The release of the kernel and nft. */
  readonly kernel: string;
  /** Parts of `guest/trial`, separated by commas. */
  readonly parts: string;
}

/** VM_RELEASE, VM_KERNEL and VM_PARTS; by default all parts on this machine's release. */
export function machineChoice(): MachineChoice {
  const {
    VM_RELEASE: release = ownRelease(),
    VM_KERNEL: kernel = release,
    VM_PARTS: parts = ALL_PARTS,
  } = process.env;
  return { release, kernel, parts };
}

/** Writes the machine's kernel, initrd and disk into `folder`, with the package of the built program. */
export function makeImage(folder: string, { release, kernel }: MachineChoice): void {
  const source = new Release(kernel);
  const parts = [treeArchive(PACKAGES, { release }), source.fileBehind(KERNEL), process.execPath];
  const packages = [`${folder}/portsentry.deb`];
  execFileSync('cp', [buildPackage(), ...packages]);
  if (kernel !== release) packages.push(...NFT_PACKAGES.map((name) => source.file(name)));
  execFileSync(resolve('test/vm/make-image'), [folder, ...parts, ...packages, ...FILES], { stdio: 'pipe' });
}

/**
 * Runs the machine until it powers off and resolves to the lines of its serial console. Calls `onLine` with each line as
 * it arrives. Kills the machine after `timeoutMs`.
 */
export async function runMachine(
  folder: string,
  { parts }: MachineChoice,
  timeoutMs: number,
  onLine: (line: string) => void,
): Promise<string[]> {
  const drive = `file=${folder}/disk,if=virtio,format=raw,cache=unsafe`;
  const machine = spawn(
    'qemu-system-x86_64',
    [
      ...(hasKvm() ? KVM : EMULATION),
      ...['-cpu', 'max', '-m', MEMORY_MIB],
      ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
      ...[
        '-kernel',
        `${folder}/kernel`,
        '-initrd',
        `${folder}/initrd`,
        '-append',
        `${KERNEL_ARGUMENTS} trial.parts=${parts}`,
      ],
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

/** A KVM without the processor's help emulates only a part of its instructions, and Debian's kernels need more. */
function hasKvm(): boolean {
  return existsSync('/dev/kvm') && /^flags\s*:.* (vmx|svm) /m.test(readFileSync('/proc/cpuinfo', 'utf8'));
}
