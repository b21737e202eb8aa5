import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openLog } from '../../src/record/log.ts';
import { Syslog } from '../../src/record/syslog.ts';
import { testFolder } from './given.ts';
import { SyslogDaemon } from './syslog-daemon.ts';

test('a line goes bare to stdout and with its header to syslog', async () => {
  const socket = join(testFolder(), 'log');
  const daemon = await SyslogDaemon.start(socket);
  const stdout = new PassThrough();
  const syslog = new Syslog({ pid: process.pid, tell: (trouble) => expect.fail(trouble), socket });
  const log = await openLog({ stdout, syslog });
  log.line('attackalert: one');
  log.line('adminalert: two\nthree');
  await log.close();
  log.line('too late');
  stdout.end();
  expect(await text(stdout)).toBe('attackalert: one\nadminalert: two?three\n');
  await vi.waitUntil(() => daemon.received.length === 2);
  expect(daemon.received).toEqual([
    expect.stringMatching(/^<29>.* portsentry\[\d+\]: attackalert: one$/),
    expect.stringMatching(/^<29>.* portsentry\[\d+\]: adminalert: two\?three$/),
  ]);
});

test('a line is written before the call returns, so that a later crash loses none', async () => {
  const written: string[] = [];
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const log = await openLog({ stdout, syslog: null });
  log.line('one');
  expect(written).toEqual(['one\n']);
});

test('the log survives a reader of stdout that ends', async () => {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const log = await openLog({ stdout, syslog: null });
  log.line('one');
  log.line('two');
  await log.close();
  expect(stdout.destroyed).toBe(true);
});

test('a log without outputs writes nothing', async () => {
  const complaint = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => complaint.mockRestore());
  const log = await openLog({ stdout: null, syslog: null });
  log.line('one');
  await log.close();
  expect(complaint).not.toHaveBeenCalled();
});
