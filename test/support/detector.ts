import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';
import type { LabProcess, Outcome } from './lab-process.ts';

/** The program as packages bring it. Tests and benchmarks run in the project's folder. */
export const PROGRAM = resolve('build/bundle/main.js');

/** The same program with a file for each source. */
export const UNBUNDLED = resolve('dist/main.js');

/** The user's own configuration, verbatim. */
export const USER_CONFIG = resolve('fixtures/conf/gentoo-wiki.conf');

/** Where the tests' configurations put the files of portsentry. */
export const CONFIG_FILE = '/etc/portsentry/portsentry.conf';
export const HISTORY_FILE = '/etc/portsentry/portsentry.history';
export const IGNORE_FILE = '/etc/portsentry/portsentry.ignore';

const ACTIVE = /^adminalert: PortSentry is now active and listening\.$/;

/** Keys of the tests' short configurations: everything is watched, history and blocked files are in /etc. */
const BASE = `
ADVANCED_PORTS_TCP="65535"
ADVANCED_PORTS_UDP="65535"
IGNORE_FILE="${IGNORE_FILE}"
HISTORY_FILE="${HISTORY_FILE}"
BLOCKED_FILE="/etc/portsentry/portsentry.blocked"
BLOCK_TCP="1"
BLOCK_UDP="1"
KILL_ROUTE="/sbin/iptables -I INPUT -s $TARGET$ -j DROP"
KILL_ROUTE6="/sbin/ip6tables -I INPUT -s $TARGET$ -j DROP"
`;

/** Writes a file of the host's own, and the folders above it. */
export function writeFile(host: Host, path: string, text: string): void {
  mkdirSync(dirname(host.path(path)), { recursive: true });
  writeFileSync(host.path(path), text);
}

/** The text of a file of the host's own, empty when there is no file. */
export function readFile(host: Host, path: string): string {
  try {
    return readFileSync(host.path(path), 'utf8');
  } catch {
    return '';
  }
}

/** Writes the tests' configuration. `more` goes first, because the first of equal keys counts. */
export function configure(host: Host, more = ''): void {
  writeFile(host, CONFIG_FILE, `${more}\n${BASE}`);
  if (readFile(host, IGNORE_FILE) === '') writeFile(host, IGNORE_FILE, '# nobody\n');
}

/** The same with the packet sensor, for what only captured frames show. */
export function configurePacketSensor(host: Host, more = ''): void {
  configure(host, `SENSOR="packet"\n${more}`);
}

/** Starts the built program on the host and waits until it listens. */
export async function startDetector(
  lab: Lab,
  host: Host,
  args: readonly string[] = ['-atcp', '-audp'],
  env: Readonly<Record<string, string>> = {},
): Promise<LabProcess> {
  const detector = await lab.start(host, [process.execPath, PROGRAM, ...args], { env });
  await detector.waitForLine(ACTIVE);
  return detector;
}

/** Milliseconds that the program takes on the victim to start and end at once: a measure that grows with the load. */
export async function timeOfStart(lab: Lab): Promise<number> {
  const begun = performance.now();
  await lab.run(lab.victim, [process.execPath, PROGRAM, '--version']);
  return performance.now() - begun;
}

/**
 * The limit of what must be prompt, for `startsUntil`. An end or a recovery takes less than a second, most of it in timers of
 * its own, and so up to ten starts on a fast machine. To wait for any other time limit takes many more.
 */
export const PROMPT_STARTS = 12;

/**
 * How often the program can be started on the victim, one start after the other, until `work` is over. A busy machine slows
 * both down, so that this is a limit for what must be prompt.
 */
export async function startsUntil(lab: Lab, work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  let starts = 0;
  for (; !isOver; starts++) await Promise.race([over, timeOfStart(lab)]);
  await over;
  return starts;
}

/** Ends the victim's detector by a signal. `starts` is how long that took, by `startsUntil`. */
export async function endBy(
  lab: Lab,
  detector: LabProcess,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<Outcome & { readonly starts: number }> {
  detector.signal(signal);
  const starts = await startsUntil(lab, detector.ended);
  return { ...(await detector.ended), starts };
}

/**
 * The detectors that run on the victim, each as `PID TITLE`. A child of one that has not become another program yet has the
 * same title, and does not count.
 */
export async function runningDetectors(lab: Lab): Promise<string[]> {
  const { stdout } = await lab.run(lab.victim, ['ps', '-C', 'portsentry', '-o', 'pid=,ppid=,args=']);
  const rows = [...stdout.matchAll(/^ *(\d+) +(\d+) +(.*)$/gm)].map(([, pid, parent, title]) => ({
    pid,
    parent,
    title,
  }));
  return rows
    .filter(({ parent }) => !rows.some(({ pid }) => pid === parent))
    .map(({ pid, title }) => `${pid} ${title}`);
}

/** The name of the capture process in its /proc/PID/comm, which holds 15 characters. */
const CAPTURE_COMM = 'portsentry-capt';

/** The process numbers of a process's children, as the test sees them, in whatever namespace they are. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && statusOf(Number(entry), 'PPid') === String(pid))
    .map(Number);
}

/** The capture process of a detector, undefined while there is none. */
export function captureOf(detector: LabProcess): number | undefined {
  return childrenOf(detector.pid).find((pid) => statusOf(pid, 'Name') === CAPTURE_COMM);
}

/** One field of /proc/PID/status, undefined when the process is gone. */
export function statusOf(pid: number, field: string): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(status)?.[1];
  } catch {
    return undefined;
  }
}

/** The fields of /proc/PID/stat behind the process's name (proc_pid_stat(5)), none when the process is gone. */
export function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Processor time of a process, in ticks of a hundredth of a second. */
export function cpuTicksOf(pid: number): number {
  const [utime, stime] = statOf(pid).slice(11, 13);
  return Number(utime) + Number(stime);
}

/** The lines of the log that accuse a source. */
export function alertsOf(detector: LabProcess): string[] {
  return detector.lines().filter((line) => line.startsWith('attackalert:'));
}

/** The host's firewall rules that drop a source. */
export async function dropsOf(
  lab: Lab,
  host: Host,
  command: 'iptables' | 'ip6tables' = 'iptables',
): Promise<string[]> {
  const { stdout } = await lab.run(host, [command, '-S', 'INPUT']);
  return stdout.split('\n').filter((line) => line.endsWith('-j DROP'));
}

/** Runs nmap on the scanner, without a question for names and without a second try for a port. */
export function nmap(lab: Lab, args: readonly string[]): Promise<{ stdout: string }> {
  return lab.run(lab.scanner, ['nmap', '-n', '-Pn', '--max-retries', '0', ...args]);
}
