import { cpSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  alertsOf,
  captureOf,
  childrenOf,
  configure,
  nmap,
  PROGRAM,
  statusOf,
  writeFile,
} from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';

/**
 * Fault 27: an attacker that takes the sensor over gains nothing. A copy of the built program has an evil sensor, which the main
 * process starts and replaces like the real one.
 */

const ACTIVE = /^adminalert: PortSentry is now active and listening\.$/;

/** The port that the evil sensor says to have answered an hour from now, so that it would count as in use until then. */
const POISONED_PORT = 4_000;

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'portsentry-evil-'));
  cpSync(resolve('dist'), join(copy, 'dist'), { recursive: true });
  for (const name of ['node_modules', 'package.json']) symlinkSync(resolve(name), join(copy, name));
  renameSync(join(copy, 'dist/sensor/child.js'), join(copy, 'dist/sensor/honest-child.js'));
  cpSync(resolve('test/support/evil-sensor.mjs'), join(copy, 'dist/sensor/child.js'));
});
afterAll(() => rmSync(copy, { recursive: true }));

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'evil' });
});
afterEach(() => lab.close());

async function start(sensor: string, ...phases: string[]): Promise<LabProcess> {
  configure(lab.victim, `SENSOR="${sensor}"\nBLOCK_METHOD="null"`);
  writeFileSync(join(copy, 'dist/sensor/phases'), phases.join(' '));
  const program = join(copy, 'dist/main.js');
  const detector = await lab.start(lab.victim, [process.execPath, program, '-atcp', '-audp']);
  await detector.waitForLine(ACTIVE);
  return detector;
}

/** Why sensors ended, in order. */
function endsOf(detector: LabProcess): string[] {
  const ended =
    /^adminalert: (?:Capture stopped|The process that reads the kernel's reports ended): (.*); it (?:is started|starts) again\.$/;
  return detector.lines().flatMap((line) => ended.exec(line)?.[1] ?? []);
}

async function statusJson(): Promise<{ sensor: { process: Record<string, unknown> } }> {
  const { stdout } = await lab.run(lab.victim, [process.execPath, PROGRAM, 'status', '--json']);
  return JSON.parse(stdout);
}

async function doctorLine(): Promise<string> {
  const { stdout } = await lab.run(lab.victim, [process.execPath, PROGRAM, 'doctor']);
  return stdout.split('\n').find((line) => line.includes('sensor process')) ?? '';
}

const SILENT = 'it gave no sign of life for 3.5 s';

describe.each(['packet', 'kernel'])('fault 27: the evil child, in the place of the %s sensor', (sensor) => {
  test('every kind of record, far times, connect, silence, SIGSTOP and kills: the next probe is seen, and it is said what happened', async () => {
    const phases = ['honest', 'everything', 'silent', 'stopped', 'killed', 'killed', 'killed'];
    const detector = await start(sensor, ...phases);
    process.kill(captureOf(detector) as number, 'SIGKILL');
    const kills = phases.filter((phase) => phase === 'killed').map(() => 'ended by SIGKILL');
    const ends = ['ended by SIGKILL', 'exit code 1', SILENT, SILENT, ...kills];
    await lab.waitFor(() => endsOf(detector).length >= ends.length);
    expect(endsOf(detector)).toEqual(ends);
    // The last one is the real sensor, and has opened its devices when it has its name.
    await lab.waitFor(async () => (await statusJson()).sensor.process.isWell);
    await lab.waitFor(async () => {
      await nmap(lab, ['-sS', '-p', String(POISONED_PORT), lab.wire.to.ipv4]);
      return alertsOf(detector).some((line) => line.includes('10.99.0.1'));
    });
    expect(
      detector.lines().some((line) => /Of the records of the sensor \d+ could not be true/.test(line)),
    ).toBe(true);
    const { process: state } = (await statusJson()).sensor;
    expect(state).toMatchObject({ died: ends.length, isWell: true });
    expect(state.refused).toBeGreaterThan(300);
    expect(state.retimed).toBeGreaterThan(0);
    // What it invented of connections accuses nobody.
    expect(alertsOf(detector).filter((line) => /Connect|handshake/i.test(line))).toEqual([]);
    expect((await detector.stop()).code).toBe(0);
  });
});

test('fault 27: a sensor that is stopped is said to be so while it is, and its place is taken', async () => {
  const detector = await start('packet', 'stopped', 'lively');
  // It does nothing else before the first sign is missed, so doctor may find it well; status and doctor agree in the end.
  await lab.waitFor(() => endsOf(detector).length === 1);
  expect(endsOf(detector)).toEqual([SILENT]);
  await lab.waitFor(async () => (await statusJson()).sensor.process.isWell);
  expect(await doctorLine()).toMatch(/^ok +sensor process .*was replaced 1 time/);
});

describe('the real sensor', () => {
  test('nobody can take the filter off its packet sockets', async () => {
    configure(lab.victim, 'SENSOR="packet"');
    const detector = await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp']);
    await detector.waitForLine(ACTIVE);
    const inside = statusOf(captureOf(detector) as number, 'NSpid')
      ?.split('\t')
      .at(-1) as string;
    const { stdout } = await lab.run(lab.victim, [
      'python3',
      resolve('test/support/detach-filter.py'),
      inside,
    ]);
    const [sockets, ...results] = stdout.trim().split('\n');
    expect(Number(sockets)).toBeGreaterThan(0);
    expect(new Set(results)).toEqual(new Set(['EPERM']));
  });

  test('its children are all gone at the end', async () => {
    configure(lab.victim);
    writeFile(lab.victim, '/etc/portsentry/portsentry.ignore', '');
    const detector = await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp']);
    await detector.waitForLine(ACTIVE);
    const children = childrenOf(detector.pid);
    await detector.stop();
    expect(children.filter((pid) => statusOf(pid, 'Name') !== undefined)).toEqual([]);
  });
});
