import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { oneLine } from './one-line.ts';

/** Lines kept while syslog takes none. Beyond it they are lost and counted: memory must not follow a dead daemon. */
export const MAX_UNCONFIRMED = 1_000;

/** Pause (ms) before `logger` is started again: doubled each time up to the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;

/** How long (ms) each of the last tries waits for lines that are under way; the daemon has a second in all. */
const LAST_WAIT = 200;
const LAST_TRIES = 2;

/** The beginning of every line that was sent: facility daemon, level notice (RFC 3164, section 4.1.1). */
const PRIORITY = '<29>';

/** More than the longest line has bytes, so that none is cut in two. */
const MESSAGE_SIZE = '8192';

type Logger = ChildProcessByStdio<Writable, null, Readable>;

export interface SyslogOptions {
  /** The process that the lines are said to come from. */
  readonly pid: number;
  /** Gets one line for people when syslog cannot be reached and when it can be again. */
  readonly tell: (text: string) => void;
  /** /dev/log when not said. */
  readonly socket?: string;
  /** `logger` when not said. */
  readonly program?: string;
}

/**
 * Lines to syslog, as `portsentry[PID]`, daemon.notice. Node has no datagram socket for /dev/log, so one `logger`
 * (util-linux) is kept open. It repeats every line that it has sent on its standard error: what it has not
 * repeated is given to the next one, so nothing is lost when it or the syslog daemon dies.
 */
export class Syslog {
  readonly #options: SyslogOptions;
  /** The lines that were not repeated yet, in their order. */
  readonly #unconfirmed: string[] = [];
  #logger: Logger | null = null;
  #lost = 0;
  #pause = FIRST_PAUSE;
  #restart: NodeJS.Timeout | null = null;
  #failing = false;
  #closing = false;

  constructor(options: SyslogOptions) {
    this.#options = options;
  }

  write(line: string): void {
    const text = oneLine(line);
    // An empty line is no message, so it would never be confirmed.
    if (this.#closing || text.trim() === '') return;
    if (this.#unconfirmed.length >= MAX_UNCONFIRMED) {
      this.#lost++;
      return;
    }
    this.#unconfirmed.push(text);
    if (this.#logger !== null) this.#logger.stdin.write(`${text}\n`);
    else if (this.#restart === null) this.#start();
  }

  /**
   * Resolves when every line was sent, or after a short time. A second try, for systemd ends every process of a
   * service with one signal, and so `logger` before our last lines.
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
    // A logger that died cannot be written to; its end is told by `close`.
    logger.stdin.on('error', () => {});
    createInterface({ input: logger.stderr }).on('line', (line) => {
      // What could not be sent is repeated too, after the complaint.
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
    this.#pause = FIRST_PAUSE;
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
    }, this.#pause).unref();
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }
}

function startLogger({ pid, socket, program = 'logger' }: SyslogOptions): Logger {
  const options = ['--stderr', '--socket-errors=on', '--size', MESSAGE_SIZE, '--priority', 'daemon.notice'];
  // Not --id, which looks the same: by it root speaks as the other process to the kernel, too, which takes CAP_SYS_ADMIN.
  options.push('--tag', `portsentry[${pid}]`);
  if (socket !== undefined) options.push('--socket', socket);
  // A session of its own: an interrupt from the terminal must not end it before our last lines.
  return spawn(program, options, { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
}

/** Lets the logger send what it has and end; by force when that takes too long. */
async function endInTime(logger: Logger): Promise<void> {
  const ended = new Promise<void>((resolve) => logger.once('close', () => resolve()));
  const force = setTimeout(() => logger.kill('SIGKILL'), LAST_WAIT);
  logger.stdin.end();
  await ended;
  clearTimeout(force);
}
