import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { LabProcess, type Outcome, onlyChildOf } from './lab-process.ts';

/**
 * What a host sees of the file system: everything that is there, but /etc and /var may be written without
 * anybody else noticing, and have nothing of a portsentry that was here before; /var/log, /run and hosts.deny are
 * empty; /dev has no more than every program needs, so that /dev/log can be made. /proc and /sys show the host's
 * own processes and interfaces.
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

/** The programs that a lab is built with, and where they come from. */
const PREREQUISITES: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  ip: 'iproute2',
  bash: 'bash',
};

export interface RunOptions {
  /** Ms until the program is ended by force; `run` then rejects. */
  readonly timeout?: number;
  readonly cwd?: string;
  /** Added to the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** Given as standard input; without it there is none (`run`), or a pipe that stays open (`start`). */
  readonly input?: string | Uint8Array;
}

/**
 * One machine of the lab: namespaces of its own for network, mounts and processes, kept by a holder that is the
 * first process in them. The kernel ends everything inside when the holder ends, and the holder ends when its
 * standard input does. So nothing is left even when the test itself is killed.
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

  /** `title` is what the holder is called in the list of processes. Rejects with what is missing. */
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
      unshare.once('error', (error) => reject(new Error(whatIsMissing(error.message))));
      let complaint = '';
      unshare.stderr.on('data', (text) => {
        complaint += text;
      });
      unshare.once('close', () => reject(new Error(whatIsMissing(complaint.trim()))));
    });
    failure.catch(() => undefined); // its end is expected once it was ready
    await Promise.race([once(unshare.stdout, 'data'), failure]);
    return new Host(name, unshare, await onlyChildOf(unshare));
  }

  /** A file of this host by a name that the test can open. Symbolic links that lead out of it are not followed. */
  path(inside: string): string {
    return `/proc/${this.holder}/root${inside}`;
  }

  /** Starts a program here; resolves when it is there (or has already ended). */
  async start(command: readonly string[], options: RunOptions = {}): Promise<LabProcess> {
    const target = ['--target', String(this.holder), '--net', '--mount', '--pid', '--'];
    // Who enters a mount namespace stands in its root.
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

  /** Runs a program here to its end. Rejects when it takes longer than `timeout` (30 s). */
  async run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const timeout = options.timeout ?? 30_000;
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

  /** Ends everything that runs here; resolves when it is gone. */
  async close(): Promise<void> {
    if (this.#unshare.exitCode !== null || this.#unshare.signalCode !== null) return;
    const gone = once(this.#unshare, 'exit');
    process.kill(this.holder, 'SIGKILL');
    await gone;
    await Promise.all([...this.#programs].map((program) => program.ended));
  }
}

function whatIsMissing(complaint: string): string {
  if (process.getuid?.() !== 0) return 'the lab makes namespaces: run these tests as root (sudo make test)';
  const packages = [...new Set(Object.values(PREREQUISITES))].join(' ');
  return `the lab could not make a host: ${complaint}; it needs ${Object.keys(PREREQUISITES).join(', ')} (apt-get install ${packages}) and a kernel with namespaces and overlayfs`;
}
