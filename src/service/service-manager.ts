import { execFile } from 'node:child_process';
import { writeSync } from 'node:fs';
import { hrtime } from 'node:process';

/** The time limit for one message: messages must not pile up when the manager does not read. */
const SEND_TIMEOUT_MS = 5_000;

/** The status line changes at most this often, because each change may start a process. */
const STATUS_INTERVAL_MS = 60_000;

/** The interval between calls of `tick`. The last call before the watchdog is due feeds it. */
const TICK_MS = 1_000;

/** The variables that are meant for this process alone. */
const OWN_VARIABLES = ['NOTIFY_SOCKET', 'PORTSENTRY_NOTIFY_FD', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

/** What a ServiceManager needs. */
export interface ServiceManagerParts {
  /** The environment. The constructor removes its own variables, so that no command takes itself for the service. */
  readonly env: NodeJS.ProcessEnv;
  readonly pid: number;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
  /** Replaces `systemd-notify` in tests. */
  readonly program?: string;
}

/**
 * Notifies the service manager of the daemon's state (sd_notify(3)). Does nothing without a service manager. Node has no
 * Unix datagram sockets, so messages go through a descriptor that the package's `with-notify` has connected. Without
 * that descriptor each message is one run of `systemd-notify`, which comes with systemd.
 */
export class ServiceManager {
  readonly #parts: ServiceManagerParts;
  readonly #socket: string | null;
  /** A non-blocking socket that is connected to the manager. */
  readonly #descriptor: number | null;
  /** null when this process has no watchdog. */
  readonly #feedIntervalMs: number | null;
  #fedMs = Number.NEGATIVE_INFINITY;
  #status = '';
  #statusMs = Number.NEGATIVE_INFINITY;
  #queue: Promise<void> = Promise.resolve();
  #running = false;
  #failed = false;

  constructor(parts: ServiceManagerParts) {
    const { env, pid } = parts;
    const { NOTIFY_SOCKET, PORTSENTRY_NOTIFY_FD, WATCHDOG_USEC, WATCHDOG_PID } = env;
    this.#parts = parts;
    this.#descriptor = PORTSENTRY_NOTIFY_FD === undefined ? null : Number(PORTSENTRY_NOTIFY_FD);
    this.#socket = NOTIFY_SOCKET || null;
    const usec = Number(WATCHDOG_USEC);
    const isOurs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid);
    this.#feedIntervalMs = isOurs && usec > 0 ? usec / 2_000 : null;
    for (const name of OWN_VARIABLES) delete env[name];
  }

  /** The daemon listens. */
  ready(status: string): void {
    this.#status = status;
    this.#send(['READY=1', `STATUS=${status}`, `MAINPID=${this.#parts.pid}`]);
  }

  /** The daemon reads its configuration again. `ready` must follow. */
  reloading(): void {
    this.#send(['RELOADING=1', `MONOTONIC_USEC=${hrtime.bigint() / 1_000n}`]);
  }

  /** The daemon ends. Does not wait for the message to be read. */
  stopping(): void {
    this.#send(['STOPPING=1'], ['--no-block']);
  }

  /** Call this every second with a monotonic clock. The watchdog is fed only while the daemon is `healthy`. */
  tick(nowMs: number, healthy: boolean, status: string): void {
    // While one systemd-notify hangs, do not start another.
    if (this.#socket === null || this.#running) return;
    if (healthy && this.#feedIntervalMs !== null && nowMs - this.#fedMs > this.#feedIntervalMs - TICK_MS) {
      this.#fedMs = nowMs;
      this.#send(['WATCHDOG=1']);
    }
    if (status === this.#status || nowMs - this.#statusMs < STATUS_INTERVAL_MS) return;
    this.#status = status;
    this.#statusMs = nowMs;
    this.#send([`STATUS=${status}`]);
  }

  /** Sends messages one after the other, because READY must not overtake RELOADING. */
  #send(message: readonly string[], options: readonly string[] = []): void {
    if (this.#socket === null) return;
    if (this.#descriptor !== null) {
      this.#write(this.#descriptor, message);
      return;
    }
    this.#queue = this.#queue.then(() => this.#run([...options, ...message]));
  }

  #write(descriptor: number, message: readonly string[]): void {
    try {
      writeSync(descriptor, message.join('\n'));
    } catch (error) {
      // EAGAIN: the manager is not reading. It may read again when the next watchdog message is due.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#fail((error as Error).message);
    }
  }

  #run(args: readonly string[]): Promise<void> {
    const { program = 'systemd-notify', env } = this.#parts;
    const options = { env: { ...env, NOTIFY_SOCKET: this.#socket as string }, timeout: SEND_TIMEOUT_MS };
    this.#running = true;
    return new Promise((resolve) => {
      execFile(program, args, options, (error) => {
        this.#running = false;
        if (error !== null) this.#fail(error.message.trim().split('\n').at(-1) ?? '');
        resolve();
      });
    });
  }

  #fail(reason: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#parts.tell(`Cannot notify the service manager: ${reason}`);
  }
}
