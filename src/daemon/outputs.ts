import { existsSync, fstatSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import type { FileMode } from '../config/file-mode.ts';
import { type Modes, modeNames } from '../config/modes.ts';
import type { Convert } from '../ledger/wall-time.ts';
import { findGroup } from '../preflight/account.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import type { LogOutput } from '../preflight/run-options.ts';
import { AppendFile, type FileAccess } from '../record/append-file.ts';
import { eventFormOf } from '../record/event-formats.ts';
import { History } from '../record/history.ts';
import { adminLine } from '../record/lines1.ts';
import { type Log, openLog } from '../record/log.ts';
import { Names } from '../record/names.ts';
import { type EventListener, Recorder } from '../record/recorder.ts';
import { Syslog } from '../record/syslog.ts';
import { wallTimeBy } from '../record/wall-time.ts';

const SYSLOG_SOCKET = '/dev/log';

/** Where the log lines of a live run go. */
export interface LogDestinations {
  readonly stdout: boolean;
  /** The journal reads stdout. */
  readonly isJournal: boolean;
  readonly syslog: boolean;
  /** Syslog was asked for, by name or by default. */
  readonly wantsSyslog: boolean;
  /** The socket of syslog. */
  readonly socket: string;
}

/**
 * The outputs asked for, by default stdout and, if there is one, syslog. Where stdout is the journal, syslog is left
 * out, because the journal would have every line twice.
 */
export function logDestinations(outputs: readonly LogOutput[], socket = SYSLOG_SOCKET): LogDestinations {
  const wants = (output: LogOutput) => outputs.length === 0 || outputs.includes(output);
  const asked = outputs.includes('syslog') || (outputs.length === 0 && existsSync(socket));
  const stdout = wants('stdout');
  const journal = stdout && isJournal(process.stdout.fd);
  const wantsSyslog = wants('syslog');
  return { stdout, isJournal: journal, syslog: asked && !journal, wantsSyslog, socket };
}

/** Opens the log of a live run. */
export async function openLiveLog({ stdout, syslog: toSyslog }: LogDestinations): Promise<Log> {
  // A failure of syslog goes to stderr; logging it to syslog would fail again.
  const tell = (text: string) => process.stderr.write(`${adminLine(text)}\n`);
  const syslog = toSyslog ? new Syslog({ pid: process.pid, tell }) : null;
  return openLog({ stdout: stdout ? process.stdout : null, syslog });
}

/** Whether the journal reads this descriptor (systemd.exec(5), JOURNAL_STREAM). */
export function isJournal(fd: number, stream = process.env.JOURNAL_STREAM): boolean {
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return stream === `${dev}:${ino}`;
}

/** How a recorder of a live run writes. */
export interface RecorderOptions {
  /** Turns times of the daemon's clock into those of the wall clock. */
  readonly toWall: Convert;
  /** Adds the lines of --verbose. */
  readonly verbose: boolean;
  readonly listener?: EventListener;
}

/**
 * Opens the files that the configuration names. Throws a CommandError (74) when a
 * file cannot be opened.
 */
export function openRecorder(
  config: Config,
  modes: Modes,
  log: Log,
  { toWall, verbose, listener }: RecorderOptions,
): Recorder {
  const tell = (text: string) => log.line(adminLine(text));
  const history = new History({
    historyFile: config.historyFile,
    blockedFile: config.blockedFile,
    modes: modeNames(modes),
    tell,
  });
  const access = accessOf(config.eventFileMode);
  const events = config.eventFile === null ? null : new AppendFile(config.eventFile, tell, access);
  const failure = history.open() ?? events?.open() ?? null;
  if (failure !== null) throw new CommandError(Exit.ioError, failure);
  return new Recorder({
    logFormat: config.logFormat,
    logTool: config.logTool,
    sumUp: true,
    text: (line) => log.line(line),
    events,
    eventForm: eventFormOf(config.eventFormat, hostname()),
    history,
    names: config.resolveHost ? new Names() : null,
    wallTime: wallTimeBy(toWall),
    namedIgnoreFile: verbose ? config.ignoreFile : null,
    listener,
  });
}

/** Throws a CommandError (78) for a group that this host does not have. */
function accessOf(mode: FileMode | null): FileAccess | null {
  if (mode === null) return null;
  const { bits, group } = mode;
  if (group === null) return { bits, gid: null };
  const gid = findGroup(group);
  if (gid === null)
    throw new CommandError(
      Exit.config,
      `EVENT_FILE_MODE: this host has no group "${group}"; make it, or name another`,
    );
  return { bits, gid };
}
