import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFINED, confinementOf, sensorsOn } from '../support/confinement.ts';
import { CONFIG_FILE, readFile, runningDetectors, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { makeInstall, startNamesake } from '../support/packaging.ts';

/** The sysv script, run by hand as an administrator does. Each test goes on from the one before. */

const SCRIPT = '/etc/init.d/portsentry';
const DEFAULTS = '/etc/default/portsentry';
const PIDFILE = '/run/portsentry.pid';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ name: 'sysv' });
  // Only /etc, /run and /var are the host's own, so the program goes below /run.
  const variables = {
    DESTDIR: lab.victim.path(''),
    PREFIX: '/run/usr',
    INIT: 'sysv',
    NODE: process.execPath,
  };
  makeInstall('install', variables);
});
afterAll(() => lab.close());

const script = (...words: string[]) => lab.run(lab.victim, [SCRIPT, ...words]);
const pid = () => readFile(lab.victim, PIDFILE).trim();
const daemons = () => runningDetectors(lab);

/** Runs the action while the configuration has a line that is refused. */
async function withBrokenConfig(action: () => Promise<void>): Promise<void> {
  const whole = readFile(lab.victim, CONFIG_FILE);
  writeFile(lab.victim, CONFIG_FILE, `SCAN_TRIGGER="many"\n${whole}`);
  await action();
  writeFile(lab.victim, CONFIG_FILE, whole);
}

const FINDING = /\/etc\/portsentry\/portsentry\.conf:1:15: error: SCAN_TRIGGER: expected .*, found "many"/;

describe('/etc/init.d/portsentry', () => {
  test('without a command, or with an unknown one, prints its usage', async () => {
    expect(await script()).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage:') });
    expect((await script('dance')).code).toBe(2);
  });

  test('status before the start', async () => {
    expect(await script('status')).toMatchObject({ code: 3, stdout: 'portsentry is not running\n' });
    expect((await script('reload')).code).toBe(7);
    expect((await script('try-restart')).code).toBe(0);
    expect((await script('stop')).code).toBe(0);
    expect(await daemons()).toEqual([]);
  });

  test('start: a broken configuration is refused with its exit code, and the finding shown', async () => {
    await withBrokenConfig(async () => {
      const { code, stderr } = await script('start');
      expect(code).toBe(78);
      expect(stderr).toMatch(FINDING);
      expect(await daemons()).toEqual([]);
    });
  });

  test('start: one process for both modes, under its old title in ps', async () => {
    expect(await script('start')).toMatchObject({ code: 0, stderr: '' });
    expect(await daemons()).toEqual([
      expect.stringMatching(new RegExp(`^${pid()} portsentry -atcp -audp --daemon`)),
    ]);
    expect(await script('status')).toMatchObject({
      code: 0,
      stdout: `portsentry is running (pid ${pid()})\n`,
    });
    expect(confinementOf(sensorsOn(lab.victim)[0] as number)).toMatchObject(CONFINED);
  });

  test('start again: nothing happens', async () => {
    const before = pid();
    expect((await script('start')).code).toBe(0);
    expect(pid()).toBe(before);
    expect(await daemons()).toHaveLength(1);
  });

  test('reload and restart: a broken configuration is refused, and the daemon goes on', async () => {
    const before = pid();
    await withBrokenConfig(async () => {
      for (const word of ['reload', 'restart', 'force-reload', 'try-restart']) {
        const { code, stderr } = await script(word);
        expect(code).toBe(78);
        expect(stderr).toMatch(FINDING);
      }
    });
    expect((await script('reload')).code).toBe(0);
    expect(pid()).toBe(before);
    expect(await daemons()).toHaveLength(1);
  });

  test.each([
    ['one mode alone', 'TCP_MODE="stcp"\nUDP_MODE=""\n', 'portsentry -stcp --daemon'],
    ['none', 'TCP_MODE=""\nUDP_MODE=""\n', 'portsentry --daemon'],
    ['options', 'TCP_MODE="atcp"\nOPTIONS="--dry-run"\n', 'portsentry -atcp -audp --dry-run --daemon'],
  ])('restart with /etc/default: %s', async (_what, defaults, title) => {
    const before = pid();
    writeFile(lab.victim, DEFAULTS, defaults);
    expect((await script('restart')).code).toBe(0);
    expect(pid()).not.toBe(before);
    expect(await daemons()).toEqual([expect.stringContaining(title)]);
  });

  test('a daemon without a lock on its file, as one of an older package: it is stopped', async () => {
    const before = pid();
    await lab.run(lab.victim, ['sh', '-ec', `cp ${PIDFILE} ${PIDFILE}.new; mv ${PIDFILE}.new ${PIDFILE}`]);
    expect((await script('status')).code).toBe(0);
    expect((await script('restart')).code).toBe(0);
    expect(pid()).not.toBe(before);
    expect(await daemons()).toHaveLength(1);
  });

  test('the number of a daemon that was killed, which another program of that name has: it is left alone', async () => {
    await lab.run(lab.victim, ['kill', '-KILL', pid()]);
    await lab.waitFor(async () => (await daemons()).length === 0);
    const other = await startNamesake(lab, PIDFILE);
    const number = pid();
    expect((await script('status')).code).toBe(1);
    expect((await script('reload')).code).toBe(7);
    expect((await script('try-restart')).code).toBe(0);
    expect((await script('stop')).code).toBe(0);
    writeFile(lab.victim, PIDFILE, `${number}\n`);
    expect((await script('start')).code).toBe(0);
    expect(pid()).not.toBe(number);
    expect(other.outcome).toBeNull();
    other.signal('SIGKILL');
    await other.ended;
    expect(await daemons()).toHaveLength(1);
  });

  test('stop: nothing is left', async () => {
    expect((await script('stop')).code).toBe(0);
    expect(await daemons()).toEqual([]);
    expect(pid()).toBe('');
    expect((await script('status')).code).toBe(3);
  });
});
