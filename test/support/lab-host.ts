import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { reasonOf, thisMachine } from './lab-needs.ts';
import { LabProcess, type Outcome, onlyChildOf, WAIT_LIMIT_MS } from './lab-process.ts';

/**
 * Gives a host its view of the file system. It sees everything that is there. What it writes to /etc and /var is seen by
 * nobody else. /var/log, /run and hosts.deny are empty, and no files of an installed portsentry are there. /dev has only
 * what every program needs, so that /dev/log can be made. /proc and /sys show the host's own processes and interfaces.
 */
const PRIVATE_VIEW = `
  set -e
  mount -t sysfs sysfs /sys
  mount -t tmpfs tmpfs /run
  mkdir -p /run/.lab/{etc,var}{,.work} /run/.lab/dev/{pts,shm}
  for directory in etc var; do
    mount -t overlay -o lowerdir=/$directory,upperdir=/run/.lab/$directory,workdir=/run/.lab/$directory.work \
      overlay /$directory
  done
  rm -rf /etc/portsentry /var/lib/portsentry /var/log/*
  : > /etc/hosts.deny
  cp -a /dev/{null,zero,full,random,urandom,tty,ptmx,fd,stdin,stdout,stderr} /run/.lab/dev
  mount --bind /dev/pts /run/.lab/dev/pts
  mount --rbind /run/.lab/dev /dev
  for kind in all default; do
    echo 0 > /proc/sys/net/ipv6/conf/$kind/accept_dad      # addresses are usable at once
    echo 0 > /proc/sys/net/ipv6/conf/$kind/router_solicitations
  done
  ip link set lo up
  echo ready
  read -r _ || true`;

/** How a program runs on a host. */
export interface RunOptions {
  /** Milliseconds until `run` kills the program and rejects. */
  readonly timeout?: number;
  readonly cwd?: string;
  /** Added to the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. Without it, input is empty for `run`, and a pipe that stays open for `start`. */
  readonly input?: string | Uint8Array;
}

/**
 * One machine of the lab: a network, a mount and a process namespace. The first process in them, the holder, keeps them.
 * When it ends, the kernel ends everything inside; and it ends when its standard input does. So nothing is left even
 * when the test itself is killed.
 */
export class Host {
  readonly name: string;
  /** The first process of the host, as the test sees it. */
  readonly holder: number;
  readonly #unshare: ChildProcess;
  readonly #programs = new Set<LabProcess>();

  private constructor(name: string, unshare: ChildProcess, holder: number) {
    this.name = name;
    this.#unshare = unshare;
    this.holder = holder;
  }

  /** `title` is the holder's name in the list of processes. Rejects with what this machine lacks. */
  static async create(name: string, title: string): Promise<Host> {
    const unshare = spawn(
      'unshare',
      [
        '--net',
        '--mount',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
        'bash',
        '-c',
        PRIVATE_VIEW,
        title,
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const failure = new Promise<never>((_, reject) => {
      unshare.once('error', (error) => reject(new Error(reasonOf(error.message, thisMachine()))));
      let complaint = '';
      unshare.stderr.on('data', (text) => {
        complaint += text;
      });
      unshare.once('close', () => reject(new Error(reasonOf(complaint.trim(), thisMachine()))));
    });
    failure.catch(() => undefined); // after the holder was ready, its end is no failure
    await Promise.race([once(unshare.stdout, 'data'), failure]);
    return new Host(name, unshare, await onlyChildOf(unshare));
  }

  /** The path at which the test can open a file of this host. An absolute symbolic link in it leads out of the host. */
  path(inside: string): string {
    return `/proc/${this.holder}/root${inside}`;
  }

  /** Starts a program here. Resolves when it is there or has already ended. */
  async start(command: readonly string[], options: RunOptions = {}): Promise<LabProcess> {
    const target = ['--target', String(this.holder), '--net', '--mount', '--pid', '--'];
    // A process that enters a mount namespace starts in its root.
    const entry = spawn(
      'nsenter',
      [...target, 'sh', '-c', 'cd "$0" && exec "$@"', options.cwd ?? process.cwd(), ...command],
      { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...options.env } },
    );
    if (options.input !== undefined) entry.stdin.end(options.input);
    const program = await LabProcess.of(entry, `${this.name}: ${command.join(' ')}`);
    this.#programs.add(program);
    void program.ended.then(() => this.#programs.delete(program));
    return program;
  }

  /** Runs a program here to its end. Rejects when it takes longer than `timeout` ms (a minute). */
  async run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const timeout = options.timeout ?? WAIT_LIMIT_MS;
    const program = await this.start(command, { input: '', ...options });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      program.signal('SIGKILL');
    }, timeout);
    const outcome = await program.ended;
    clearTimeout(timer);
    if (late)
      throw new Error(`${this.name}: ${command.join(' ')}: not done in ${timeout} ms\n${program.output}`);
    return outcome;
  }

  /** Ends everything that runs here. Resolves when it is gone. */
  async close(): Promise<void> {
    if (this.#unshare.exitCode !== null || this.#unshare.signalCode !== null) return;
    const gone = once(this.#unshare, 'exit');
    process.kill(this.holder, 'SIGKILL');
    await gone;
    await Promise.all([...this.#programs].map((program) => program.ended));
  }
}
