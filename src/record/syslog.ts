import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { oneLine } from './one-line.ts';

/** Lines kept while syslog takes none. More are lost and counted, so that memory is bounded. */
export const MAX_UNCONFIRMED_LINES = 1_000;

/** Pauses before `logger` is started again. Each is twice as long as the one before. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;

/** How long each of the last tries waits for lines under way. The daemon has one second to end. */
const LAST_WAIT_MS = 200;
const LAST_TRIES = 2;

/** Every line that was sent begins so: facility daemon, level notice (RFC 3164, section 4.1.1). */
const PRIORITY = '<29>';

/** More than the longest line has, so that `logger` cuts none in two. */
const MAX_BYTES = '8192';

type Logger = ChildProcessByStdio<Writable, null, Readable>;

/** How lines get to syslog. */
export interface SyslogOptions {
  /** The process ID in the lines. */
  readonly pid: number;
  /** Receives one line for people when syslog cannot be reached, and when it can be again. */
  readonly tell: (text: string) => void;
  /** /dev/log by default. */
  readonly socket?: string;
  /** `logger` by default. */
  readonly program?: string;
}

/**
 * Sends lines to syslog as `portsentry[PID]`, daemon.notice. Node has no datagram socket for /dev/log, so one
 * `logger` (util-linux) stays open. On its standard error it repeats every line that it has sent. A line that it has
 * not repeated goes to the next `logger`, so nothing is lost when it or the syslog daemon dies.
 */
export class Syslog {
  readonly #options: SyslogOptions;
  /** The lines that `logger` has not repeated yet, in order. */
  readonly #unconfirmed: string[] = [];
  #logger: Logger | null = null;
  #lost = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #restart: NodeJS.Timeout | null = null;
  #failing = false;
  #closing = false;

  constructor(options: SyslogOptions) {
    this.#options = options;
  }

  write(line: string): void {
    const text = oneLine(line);
    // `logger` sends no empty line, so it would never be confirmed.
    if (this.#closing || text.trim() === '') return;
    if (this.#unconfirmed.length >= MAX_UNCONFIRMED_LINES) {
      this.#lost++;
      return;
    }
    this.#unconfirmed.push(text);
    if (this.#logger !== null) this.#logger.stdin.write(`${text}\n`);
    else if (this.#restart === null) this.#start();
  }

  /**
   * Resolves when every line has been sent, or after a short time. Tries twice, because systemd signals all processes
   * of a service at once, and so ends `logger` before our last lines.
   */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    for (let tries = 0; tries < LAST_TRIES; tries++) {
      if (this.#logger === null && this.#unconfirmed.length > 0) this.#start();
      if (this.#logger !== null) await endInTime(this.#logger);
    }
  }

  #start(): void {
    const logger = startLogger(this.#options);
    let reason: string | null = null;
    this.#logger = logger;
    logger.on('error', (error) => {
      reason = error.message;
    });
    // Writing to a dead logger fails; `close` reports its end.
    logger.stdin.on('error', () => {});
    createInterface({ input: logger.stderr }).on('line', (line) => {
      // After an error message, `logger` also repeats the line that it could not send.
      if (reason !== null) return;
      if (line.startsWith(PRIORITY)) return this.#confirm();
      reason = oneLine(line);
      logger.kill('SIGKILL');
    });
    logger.on('close', () => this.#ended(reason ?? 'logger has ended'));
    for (const text of this.#unconfirmed) logger.stdin.write(`${text}\n`);
  }

  #confirm(): void {
    this.#unconfirmed.shift();
    this.#pauseMs = FIRST_PAUSE_MS;
    if (!this.#failing) return;
    this.#failing = false;
    const lost = this.#lost === 0 ? '' : `; ${this.#lost} lines were lost`;
    this.#lost = 0;
    this.#options.tell(`syslog: lines are taken again${lost}`);
  }

  #ended(reason: string): void {
    this.#logger = null;
    if (this.#closing) return;
    if (!this.#failing) this.#options.tell(`syslog: ${reason}; lines are kept and tried again`);
    this.#failing = true;
    this.#restart = setTimeout(() => {
      this.#restart = null;
      this.#start();
    }, this.#pauseMs).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

function startLogger({ pid, socket, program = 'logger' }: SyslogOptions): Logger {
  const options = ['--stderr', '--socket-errors=on', '--size', MAX_BYTES, '--priority', 'daemon.notice'];
  // Not --id, which looks the same: with it, root also gives the kernel that process ID, which takes CAP_SYS_ADMIN.
  options.push('--tag', `portsentry[${pid}]`);
  if (socket !== undefined) options.push('--socket', socket);
  // In its own session, so that an interrupt from the terminal does not end it before our last lines.
  return spawn(program, options, { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
}

/** Lets the logger send its lines and exit; kills it when that takes too long. */
async function endInTime(logger: Logger): Promise<void> {
  const ended = new Promise<void>((resolve) => logger.once('close', () => resolve()));
  const force = setTimeout(() => logger.kill('SIGKILL'), LAST_WAIT_MS);
  logger.stdin.end();
  await ended;
  clearTimeout(force);
}
