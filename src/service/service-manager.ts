import { execFile } from 'node:child_process';
import { writeSync } from 'node:fs';
import { hrtime } from 'node:process';

/** What one message may take (ms): a manager that does not read must not gather messages. */
const PATIENCE = 5_000;

/** How often (ms) the status line may change: each change is a process. */
const STATUS_INTERVAL = 60_000;

/** How often (ms) `tick` is called: the watchdog is fed by the last one before it is due. */
const TICK = 1_000;

/** What the environment says for us alone. */
const OURS = ['NOTIFY_SOCKET', 'PORTSENTRY_NOTIFY_FD', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

export interface ServiceManagerParts {
  /** The environment; what is meant for us is taken out of it, so that no command believes that it is the service. */
  readonly env: NodeJS.ProcessEnv;
  readonly pid: number;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
  /** `systemd-notify` when not said. */
  readonly program?: string;
}

/**
 * Tells the service manager how it goes (sd_notify(3)), if there is one. Node has no datagram sockets of the unix
 * family, so messages go through a descriptor that `with-notify` of the package has connected; without it each is a
 * run of `systemd-notify`, which comes with who listens there.
 */
export class ServiceManager {
  readonly #parts: ServiceManagerParts;
  readonly #socket: string | null;
  /** Connected to the manager, and does not block. */
  readonly #descriptor: number | null;
  /** ms; null without a watchdog that is ours. */
  readonly #feedEvery: number | null;
  #fed = Number.NEGATIVE_INFINITY;
  #status = '';
  #statusTold = Number.NEGATIVE_INFINITY;
  #turn: Promise<void> = Promise.resolve();
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
    this.#feedEvery = isOurs && usec > 0 ? usec / 2_000 : null;
    for (const name of OURS) delete env[name];
  }

  /** It listens. */
  ready(status: string): void {
    this.#status = status;
    this.#send(['READY=1', `STATUS=${status}`, `MAINPID=${this.#parts.pid}`]);
  }

  /** It reads its configuration again; `ready` follows. */
  reloading(): void {
    this.#send(['RELOADING=1', `MONOTONIC_USEC=${hrtime.bigint() / 1_000n}`]);
  }

  /** It ends. Not waited for. */
  stopping(): void {
    this.#send(['STOPPING=1'], ['--no-block']);
  }

  /** To be called every second; `now` is a monotonic clock in ms. Who is not `well` is not vouched for. */
  tick(now: number, well: boolean, status: string): void {
    // One that hangs is not joined by others.
    if (this.#socket === null || this.#running) return;
    if (well && this.#feedEvery !== null && now - this.#fed > this.#feedEvery - TICK) {
      this.#fed = now;
      this.#send(['WATCHDOG=1']);
    }
    if (status === this.#status || now - this.#statusTold < STATUS_INTERVAL) return;
    this.#status = status;
    this.#statusTold = now;
    this.#send([`STATUS=${status}`]);
  }

  /** Messages go one after the other, for READY must not overtake RELOADING. */
  #send(message: readonly string[], options: readonly string[] = []): void {
    if (this.#socket === null) return;
    if (this.#descriptor !== null) {
      this.#write(this.#descriptor, message);
      return;
    }
    this.#turn = this.#turn.then(() => this.#run([...options, ...message]));
  }

  #write(descriptor: number, message: readonly string[]): void {
    try {
      writeSync(descriptor, message.join('\n'));
    } catch (error) {
      // A manager that does not read: the next message of the watchdog may find it awake.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#fail((error as Error).message);
    }
  }

  #run(args: readonly string[]): Promise<void> {
    const { program = 'systemd-notify', env } = this.#parts;
    const options = { env: { ...env, NOTIFY_SOCKET: this.#socket as string }, timeout: PATIENCE };
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
    this.#parts.tell(`The service manager cannot be told how it goes: ${reason}`);
  }
}
