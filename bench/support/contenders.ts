import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unpackPackage } from '../../test/support/debian-package.ts';
import { CONFIG_FILE, IGNORE_FILE, startDetector, writeFile } from '../../test/support/detector.ts';
import type { Lab } from '../../test/support/lab.ts';
import type { LabProcess } from '../../test/support/lab-process.ts';
import { targetsOf } from '../../test/support/orders.ts';
import { startSyslog } from '../../test/support/services.ts';

/** A program that watches the victim. */
export interface Running {
  readonly title: string;
  readonly blocks: boolean;
  /** The process that was started; null where it starts others and ends. */
  readonly process: LabProcess | null;
  /** The lines of its log that report an attack. */
  alerts(): readonly string[];
  /** The addresses that are blocked now. */
  blocked(): Promise<readonly string[]>;
  /** Resolves when it is ready for the next row. */
  rest(): Promise<void>;
}

/** The address that each program ignores. */
export const IGNORED = '10.99.0.250';

/** The same for all programs. The old ones have one command for both families. */
const KILL_ROUTE =
  'case $TARGET$ in *:*) /sbin/ip6tables -I INPUT -s $TARGET$ -j DROP;; *) /sbin/iptables -I INPUT -s $TARGET$ -j DROP;; esac';

/** All ports except those that 1.2 excludes as shipped. */
const TCP_PORTS = '1-112,114-138,140-65534';
const UDP_PORTS = '1-66,68-136,139-519,521-65534';

const CONFIGURATION = `
ADVANCED_PORTS_TCP="65535"
ADVANCED_PORTS_UDP="65535"
ADVANCED_EXCLUDE_TCP="113,139"
ADVANCED_EXCLUDE_UDP="520,138,137,67"
TCP_PORTS="1"
UDP_PORTS="1"
IGNORE_FILE="${IGNORE_FILE}"
HISTORY_FILE="/etc/portsentry/portsentry.history"
BLOCKED_FILE="/etc/portsentry/portsentry.blocked"
RESOLVE_HOST="0"
BLOCK_TCP="1"
BLOCK_UDP="1"
KILL_ROUTE="${KILL_ROUTE}"
SCAN_TRIGGER="0"
`;

/** Starts each program, by its name on the command line. */
export const CONTENDERS: Readonly<Record<string, (lab: Lab) => Promise<Running>>> = {
  'this-kernel': startKernelSensor,
  'this-packet': startPacketSensor,
  'this-command': (lab) => startThis(lab, 'kernel', 'command'),
  'portsentry-1.2': startOne,
  'portsentry-2.0': startPortSentry2,
  scanlogd: startScanlogd,
};

const now = () => Promise.resolve();

/** This program with the kernel sensor. `more` are keys of its configuration that go first. */
export function startKernelSensor(lab: Lab, more = ''): Promise<Running> {
  return startThis(lab, 'kernel', 'nftables', more);
}

/** The same with the packet sensor. */
export function startPacketSensor(lab: Lab, more = ''): Promise<Running> {
  return startThis(lab, 'packet', 'nftables', more);
}

async function startThis(
  lab: Lab,
  sensor: 'kernel' | 'packet',
  method: 'nftables' | 'command',
  more = '',
): Promise<Running> {
  ignore(lab);
  writeFile(
    lab.victim,
    CONFIG_FILE,
    `${more}\n${CONFIGURATION}SENSOR="${sensor}"\nBLOCK_METHOD="${method}"\n`,
  );
  const detector = await startDetector(lab, lab.victim);
  return {
    title: `this program, ${sensor} sensor, blocking by ${method === 'command' ? 'KILL_ROUTE' : method}`,
    blocks: true,
    process: detector,
    alerts: () => detector.lines().filter((line) => line.startsWith('attackalert:')),
    blocked: () => (method === 'command' ? droppedSources(lab) : targetsOf(lab)),
    rest: now,
  };
}

const ACTIVE = /is now active and listening\.$/;

/** Two processes, which log to syslog. The path of the configuration is compiled in; the victim has its own /etc. */
async function startOne(lab: Lab): Promise<Running> {
  const { folder, version } = unpackPackage('portsentry');
  ignore(lab);
  writeFile(lab.victim, CONFIG_FILE, CONFIGURATION);
  const syslog = await startSyslog(lab, lab.victim);
  const isActive = () => syslog.lines().filter((line) => ACTIVE.test(line)).length;
  for (const [index, mode] of ['-atcp', '-audp'].entries()) {
    await lab.run(lab.victim, [join(folder, 'usr/sbin/portsentry'), mode]);
    await lab.waitFor(() => isActive() === index + 1, 20_000);
  }
  return {
    title: `PortSentry ${version} of Debian, -atcp and -audp, blocking by KILL_ROUTE`,
    blocks: true,
    process: null,
    alerts: () => syslog.lines().filter((line) => line.includes('attackalert:')),
    blocked: () => droppedSources(lab),
    rest: now,
  };
}

/** Its only such mode reads TCP_PORTS and UDP_PORTS, as ranges. It runs with the C library that it was built for. */
export async function startPortSentry2(lab: Lab): Promise<Running> {
  const { folder, version } = unpackPackage('portsentry', 'sid');
  const libraries = join(unpackPackage('libc6', 'sid').folder, 'usr/lib');
  const [architecture] = readdirSync(libraries).filter((entry) => entry.endsWith('-linux-gnu'));
  const library = join(libraries, architecture as string);
  const loader = readdirSync(library).find((entry) => /^ld-linux.*\.so\.\d$/.test(entry)) as string;
  ignore(lab);
  const configuration = CONFIGURATION.replace(/^ADVANCED.*\n/gm, '')
    .replace('TCP_PORTS="1"', `TCP_PORTS="${TCP_PORTS}"`)
    .replace('UDP_PORTS="1"', `UDP_PORTS="${UDP_PORTS}"`);
  writeFile(lab.victim, CONFIG_FILE, configuration);
  const detector = await lab.start(lab.victim, [
    join(library, loader),
    '--library-path',
    `${library}:/usr/lib/${architecture}`,
    join(folder, 'usr/sbin/portsentry'),
  ]);
  await detector.waitForLine(ACTIVE, 20_000);
  return {
    title: `PortSentry ${version} of Debian, blocking by KILL_ROUTE`,
    blocks: true,
    process: detector,
    alerts: () =>
      detector.lines().filter((line) => line.includes('Scan from: [') && line.includes('ignored: [false]')),
    blocked: () => droppedSources(lab),
    rest: now,
  };
}

/** scanlogd does not log the sixth scan within 20 s, and then nothing for a while. It can log a row each 5 s. */
const SCANLOGD_PAUSE_MS = 5_000;

async function startScanlogd(lab: Lab): Promise<Running> {
  const { folder, version } = unpackPackage('scanlogd');
  appendFileSync(lab.victim.path('/etc/passwd'), 'scanlogd:x:65533:65533::/run/scanlogd:/bin/false\n');
  mkdirSync(lab.victim.path('/run/scanlogd/empty'), { recursive: true });
  const syslog = await startSyslog(lab, lab.victim);
  const { code, stderr } = await lab.run(lab.victim, [join(folder, 'usr/sbin/scanlogd')]);
  if (code !== 0) throw new Error(`scanlogd: ${stderr}`);
  return {
    title: `scanlogd ${version} of Debian, which only logs`,
    blocks: false,
    process: null,
    alerts: () => syslog.lines().filter((line) => /scanlogd: \S+ to /.test(line)),
    blocked: () => Promise.resolve([]),
    rest: () => delay(SCANLOGD_PAUSE_MS),
  };
}

/** Whether a line of the log accuses this address. */
export function accuses(program: Running, address: string): boolean {
  const literal = address.replaceAll('.', '\\.');
  const whole = new RegExp(`(?<![0-9a-f.:])${literal}(?![0-9a-f.]|:[0-9a-f]*:)`);
  return program.alerts().some((line) => whole.test(line));
}

function ignore(lab: Lab): void {
  writeFile(lab.victim, IGNORE_FILE, `${IGNORED}/32\n`);
}

/** The sources that the rules of INPUT drop. */
async function droppedSources(lab: Lab): Promise<string[]> {
  const rules: string[] = [];
  for (const command of ['iptables', 'ip6tables'])
    rules.push(...(await lab.run(lab.victim, [command, '-S', 'INPUT'])).stdout.split('\n'));
  return rules.flatMap((rule) => /^-A INPUT -s ([^ /]+)\/\d+ -j DROP$/.exec(rule)?.[1] ?? []);
}
