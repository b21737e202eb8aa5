import { writeFileSync } from 'node:fs';
import { Exit } from '../preflight/exit.ts';
import type { RunOptions } from '../preflight/run-options.ts';
import { forbidDumps } from '../service/no-dumps.ts';
import { refuseOccupied, removePidFile, writePidFile } from '../service/pid-file.ts';
import { boundYoungSpace } from '../service/young-space.ts';
import { Daemon } from './daemon.ts';

/** The process name of a detector in `ps`. */
const NAME = 'portsentry';

/** Files are 0600 and folders 0700 unless their code asks for more. */
const UMASK = 0o077;

/** What a live run needs of the program. */
export interface LiveProgram {
  readonly version: string;
  /** Called when the daemon listens. */
  readonly ready: () => Promise<void>;
}

/** Runs the detector until a signal ends it, and with it this process. `argv` is shown as the name of the process. */
export async function runLive(
  options: RunOptions,
  argv: readonly string[],
  { version, ready }: LiveProgram,
): Promise<never> {
  showName(argv);
  // Nobody else may read the files that it or its commands create.
  process.umask(UMASK);
  const { pidfile } = options;
  if (pidfile !== undefined) refuseOccupied(pidfile);
  // Before anything of the network is read, and before a child inherits the limit.
  const dumps = await forbidDumps();
  boundYoungSpace();
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const starting = Daemon.start(options, version);
  // Installed before it listens, because the signal may come as soon as the log says so. A failed start ignores it.
  const reload = (daemon: Daemon) => daemon.reload();
  process.on('SIGHUP', () => void starting.then(reload, () => {}));
  const daemon = await starting;
  if (dumps !== null) daemon.tell(`A core dump may contain packet data: ${dumps}`);
  try {
    if (pidfile !== undefined) writePidFile(pidfile);
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  await ready();
  await ended;
  await daemon.stop();
  if (pidfile !== undefined) removePidFile(pidfile);
  // A child that a command left running must not keep this process alive.
  process.exit(Exit.ok);
}

function showName(argv: readonly string[]): void {
  process.title = [NAME, ...argv].join(' ');
  // The title also sets the short name, truncated; monitoring looks for the plain name.
  writeFileSync('/proc/self/comm', NAME);
}
