import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFINED, confinementOf, sensorsOn } from '../support/confinement.ts';
import { inTree, plantTree, TREE, TREE_LIMIT_MS } from '../support/debian-tree.ts';
import { readFile, runningDetectors, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { makeInstall, startNamesake } from '../support/packaging.ts';
import { startSyslog } from '../support/services.ts';

/** The OpenRC script, run by Debian's OpenRC in a tree of its own. Each test goes on from the one before. */

const CONFIG = `${TREE}/etc/portsentry/portsentry.conf`;
const PIDFILE = '/run/portsentry.pid';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ name: 'openrc' });
  await plantTree(lab, lab.victim);
  makeInstall('install', {
    DESTDIR: lab.victim.path(TREE),
    PREFIX: '/usr',
    INIT: 'openrc',
    NODE: '/usr/bin/node',
  });
  // OpenRC starts nothing on a host that it has not booted. These are the traces of such a boot.
  for (const state of ['daemons', 'exclusive', 'options', 'started', 'starting', 'stopping', 'failed'])
    mkdirSync(lab.victim.path(`${TREE}/run/openrc/${state}`), { recursive: true });
  writeFile(lab.victim, `${TREE}/run/openrc/softlevel`, 'default\n');
  await startSyslog(lab, lab.victim);
}, TREE_LIMIT_MS);
afterAll(() => lab.close());

const rc = (...words: string[]) => lab.run(lab.victim, inTree('rc-service', 'portsentry', ...words));
const pid = () => readFile(lab.victim, `${TREE}${PIDFILE}`).trim();
const daemons = () => runningDetectors(lab);

/** Runs the action while the configuration has a line that is refused. */
async function withBrokenConfig(action: () => Promise<void>): Promise<void> {
  const whole = readFile(lab.victim, CONFIG);
  writeFile(lab.victim, CONFIG, `SCAN_TRIGGER="many"\n${whole}`);
  await action();
  writeFile(lab.victim, CONFIG, whole);
}

const FINDING = /\/etc\/portsentry\/portsentry\.conf:1:15: error: SCAN_TRIGGER: expected .*, found "many"/;

describe('rc-service portsentry', () => {
  test('checkconfig: nothing is wrong with what is shipped', async () => {
    expect(await rc('checkconfig')).toMatchObject({ code: 0 });
  });

  test('status before the start', async () => {
    const { code, stdout, stderr } = await rc('status');
    expect(code).toBe(3);
    expect(stdout + stderr).toContain('stopped');
  });

  test('start: a broken configuration is refused, and the finding shown', async () => {
    await withBrokenConfig(async () => {
      const { code, stdout, stderr } = await rc('start');
      expect(code).toBe(1);
      expect(stdout + stderr).toMatch(FINDING);
      expect(await daemons()).toEqual([]);
    });
  });

  test('start: one process for all modes of PORTSENTRY_MODES, under its old title in ps', async () => {
    const { code, stderr } = await rc('start');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(pid()).toMatch(/^\d+$/);
    expect(await daemons()).toEqual([expect.stringMatching(`^${pid()} portsentry -atcp -audp --daemon`)]);
    expect((await rc('status')).code).toBe(0);
    expect(confinementOf(sensorsOn(lab.victim)[0] as number)).toMatchObject(CONFINED);
  });

  test('start again: nothing happens', async () => {
    const before = pid();
    expect((await rc('start')).code).toBe(0);
    expect(pid()).toBe(before);
    expect(await daemons()).toHaveLength(1);
  });

  test('reload: a broken configuration is refused, and the daemon goes on', async () => {
    const before = pid();
    await withBrokenConfig(async () => {
      const { code, stdout, stderr } = await rc('reload');
      expect(code).toBe(1);
      expect(stdout + stderr).toMatch(FINDING);
    });
    expect((await rc('reload')).code).toBe(0);
    expect(pid()).toBe(before);
    expect(await daemons()).toHaveLength(1);
  });

  test('restart: a broken configuration does not end the protection', async () => {
    const before = pid();
    await withBrokenConfig(async () => {
      const { code, stdout, stderr } = await rc('restart');
      expect(code).toBe(1);
      expect(stdout + stderr).toMatch(FINDING);
    });
    expect(pid()).toBe(before);
    expect((await rc('restart')).code).toBe(0);
    expect(pid()).not.toBe(before);
    expect(await daemons()).toHaveLength(1);
  });

  test('a daemon without a lock on its file, as one of an older package: it is stopped', async () => {
    const before = pid();
    const file = `${TREE}${PIDFILE}`;
    await lab.run(lab.victim, ['sh', '-ec', `cp ${file} ${file}.new; mv ${file}.new ${file}`]);
    expect((await rc('status')).code).toBe(0);
    expect((await rc('restart')).code).toBe(0);
    expect(pid()).not.toBe(before);
    expect(await daemons()).toHaveLength(1);
  });

  test('status of a daemon that was killed, also when another program of its name has its number', async () => {
    await lab.run(lab.victim, ['kill', '-KILL', pid()]);
    await lab.waitFor(async () => (await daemons()).length === 0);
    const { code, stdout, stderr } = await rc('status');
    expect(code).toBe(32);
    expect(stdout + stderr).toContain('crashed');
    const other = await startNamesake(lab, `${TREE}${PIDFILE}`);
    expect((await rc('status')).code).toBe(32);
    expect((await rc('restart')).code).toBe(0);
    expect(other.outcome).toBeNull();
    other.signal('SIGKILL');
    await other.ended;
    expect(await daemons()).toHaveLength(1);
  });

  test('stop: nothing is left', async () => {
    expect((await rc('stop')).code).toBe(0);
    expect(await daemons()).toEqual([]);
    expect(pid()).toBe('');
    expect((await rc('status')).code).toBe(3);
  });
});
