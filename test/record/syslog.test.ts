import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { MAX_UNCONFIRMED_LINES, Syslog, type SyslogOptions } from '../../src/record/syslog.ts';
import { eventually } from '../support/eventually.ts';
import { stopClock } from '../support/stop-clock.ts';
import { testFolder } from './given.ts';
import { SyslogDaemon } from './syslog-daemon.ts';

let socket: string;
let told: string[];

beforeEach(() => {
  socket = join(testFolder(), 'log');
  told = [];
});

function open(options: Partial<SyslogOptions> = {}): Syslog {
  const syslog = new Syslog({ pid: process.pid, tell: (text) => told.push(text), socket, ...options });
  onTestFinished(() => syslog.close());
  return syslog;
}

/** The text of a datagram whose header is daemon.notice, a time, and the tag with our process. */
function textOf(datagram: string): string {
  const match = /^<29>[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} portsentry\[(\d+)\]: (.*)$/s.exec(datagram);
  expect(match?.[1]).toBe(`${process.pid}`);
  return match?.[2] ?? '';
}

async function until(daemon: SyslogDaemon, texts: string[]): Promise<void> {
  await eventually(() => expect(daemon.received.map(textOf)).toEqual(texts));
}

/** The last logger that this process has started. */
function loggerPid(): number {
  const isOurs = (pid: string) => {
    try {
      const [, rest] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\((?:.*)\) /s);
      const isLogger = readFileSync(`/proc/${pid}/comm`, 'utf8') === 'logger\n';
      return isLogger && rest?.split(' ')[1] === `${process.pid}`;
    } catch {
      return false;
    }
  };
  const pid = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(isOurs)
    .at(-1);
  return Number(pid);
}

describe('a line', () => {
  test('arrives at once, as portsentry[PID], daemon.notice', async () => {
    const daemon = await SyslogDaemon.start(socket);
    const syslog = open();
    syslog.write('attackalert: one');
    await until(daemon, ['attackalert: one']);
    syslog.write('attackalert: two');
    syslog.write('attackalert: three');
    await until(daemon, ['attackalert: one', 'attackalert: two', 'attackalert: three']);
    expect(told).toEqual([]);
  });

  test('with control characters is one line, and a long one is not cut in two', async () => {
    const daemon = await SyslogDaemon.start(socket);
    const syslog = open();
    const long = 'ü'.repeat(2_000);
    syslog.write('one\n<0>Jan  1 00:00:00 kernel: two\u001b[2J');
    syslog.write('');
    syslog.write(long);
    await until(daemon, ['one?<0>Jan  1 00:00:00 kernel: two?[2J', long]);
  });

  test('that was written last is sent before close resolves', async () => {
    const daemon = await SyslogDaemon.start(socket);
    const syslog = open();
    syslog.write('last');
    await syslog.close();
    await until(daemon, ['last']);
    syslog.write('too late');
    expect(daemon.received).toHaveLength(1);
  });
});

describe('nothing is lost', () => {
  test('when the syslog daemon is started again', async () => {
    const first = await SyslogDaemon.start(socket);
    const syslog = open();
    syslog.write('one');
    await until(first, ['one']);
    await first.stop();
    rmSync(socket);
    syslog.write('two');
    syslog.write('three');
    await eventually(() => expect(told).toHaveLength(1));
    expect(told[0]).toBe(
      `syslog: logger: socket ${socket}: No such file or directory; lines are kept and tried again`,
    );
    const second = await SyslogDaemon.start(socket);
    await until(second, ['two', 'three']);
    syslog.write('four');
    await until(second, ['two', 'three', 'four']);
    expect(told.slice(1)).toEqual(['syslog: lines are taken again']);
  });

  test('when the logger is killed', async () => {
    const daemon = await SyslogDaemon.start(socket);
    const syslog = open();
    syslog.write('one');
    await until(daemon, ['one']);
    process.kill(loggerPid(), 'SIGKILL');
    syslog.write('two');
    await until(daemon, ['one', 'two']);
  });

  test('when systemd ends the logger together with the daemon', async () => {
    const daemon = await SyslogDaemon.start(socket);
    const syslog = open();
    syslog.write('one');
    await until(daemon, ['one']);
    process.kill(loggerPid(), 'SIGTERM');
    syslog.write('shutting down');
    await syslog.close();
    await until(daemon, ['one', 'shutting down']);
  });
});

/** A logger that cannot send its first line, reports that and repeats the line, as that of util-linux does. */
function complainingLogger(): string {
  const program = join(testFolder(), 'logger');
  const script = `#!/bin/sh
    [ -e "$0.tried" ] && exec logger "$@"
    read line
    : > "$0.tried"
    printf 'logger: send message failed: Message too long\\n<29>portsentry: %s\\n' "$line" >&2
    exec cat`;
  writeFileSync(program, script, { mode: 0o755 });
  return program;
}

describe('trouble', () => {
  test('with sending a line loses none', async () => {
    const daemon = await SyslogDaemon.start(socket);
    const syslog = open({ program: complainingLogger() });
    syslog.write('one');
    syslog.write('two');
    await until(daemon, ['one', 'two']);
    expect(told[0]).toMatch(/^syslog: logger: send message failed: Message too long; lines are kept/);
  });

  test('is reported once', async () => {
    const syslog = open();
    syslog.write('one');
    await eventually(() => expect(told).toHaveLength(1));
    const daemon = await SyslogDaemon.start(socket);
    await until(daemon, ['one']);
    // logger may end after its lines have come.
    await eventually(() => expect(told).toHaveLength(2));
  });

  test('with a missing program names it', async () => {
    const syslog = open({ program: '/no/such/logger' });
    syslog.write('one');
    await eventually(() => expect(told).toHaveLength(1));
    expect(told[0]).toBe('syslog: spawn /no/such/logger ENOENT; lines are kept and tried again');
  });

  test('keeps a bounded number of lines and reports how many were lost', async () => {
    const syslog = open();
    for (let count = 0; count < MAX_UNCONFIRMED_LINES + 5; count++) syslog.write(`line ${count}`);
    await eventually(() => expect(told).toHaveLength(1));
    const daemon = await SyslogDaemon.start(socket);
    await eventually(() => expect(daemon.received).toHaveLength(MAX_UNCONFIRMED_LINES));
    await eventually(() => expect(told[1]).toBe('syslog: lines are taken again; 5 lines were lost'));
  });

  test('with a daemon that reads nothing delays close by less than a second', async () => {
    await SyslogDaemon.start(socket, 'deaf');
    const syslog = open();
    for (let count = 0; count < MAX_UNCONFIRMED_LINES; count++) syslog.write(`line ${count}`);
    stopClock();
    const closed = syslog.close();
    for (let tries = 0; tries < 2; tries++) {
      await eventually(() => expect(vi.getTimerCount()).toBe(1));
      vi.advanceTimersByTime(499);
    }
    await closed;
  });
});
