import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drawAddressPair } from '../../src/cli/doctor/addresses.ts';
import { renderCheck, runDoctor } from '../../src/cli/doctor.ts';
import type { ControlHandlers } from '../../src/control/handlers.ts';
import type { HealthCheck } from '../../src/control/status.ts';
import { HEALTH, STATUS, serve, testFolder, WHY } from '../control/given.ts';
import { configFile, run } from './given.ts';

const doctor = (file: string, json = false) =>
  run(file, (options, output) => runDoctor({ ...options, json }, output));

/** A configuration in which nothing surprises, and a daemon that answers so. */
async function hostWith(handlers: Partial<ControlHandlers>, ...lines: string[]): Promise<string> {
  const { path } = await serve(handlers);
  const folder = testFolder();
  return configFile(`CONTROL_SOCKET="${path}"`, `HISTORY_FILE="${folder}/h"`, 'IGNORE_FILE=""', ...lines);
}

const NO_PROBE = { status: () => ({ ...STATUS, probePort: null }) };

describe('lines', () => {
  test.each<[check: HealthCheck, line: string]>([
    [{ name: 'capture', result: 'ok', message: 'it runs' }, 'ok    capture        it runs\n'],
    [{ name: 'files', result: 'warn', message: 'w' }, 'warn  files          w\n'],
    [{ name: 'configuration', result: 'fail', message: 'f' }, 'FAIL  configuration  f\n'],
    [{ name: 'filter', result: 'skip', message: 's' }, 'skip  filter         s\n'],
  ])('%j', (check, line) => {
    expect(renderCheck(check)).toBe(line);
  });
});

test('all is well', async () => {
  const file = await hostWith(NO_PROBE);
  const told = await doctor(file);
  expect(told).toMatchObject({ exit: 0, stderr: '' });
  expect(told.stdout).toBe(`\
ok    configuration  ${file}: nothing in it will surprise
ok    daemon         portsentry 3.0.0, pid 4711, up 3 h 12 min
ok    capture        it runs
skip  filter         no watched port is free, so no probe was sent
`);
});

test('for programs', async () => {
  const { exit, stdout } = await doctor(await hostWith(NO_PROBE), true);
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    healthy: true,
    checks: [{ name: 'configuration' }, { name: 'daemon' }, ...HEALTH, { name: 'filter', result: 'skip' }],
  });
});

test('what fails makes it 69', async () => {
  const health = async () =>
    [{ name: 'method', result: 'fail', message: 'nft is gone: install nftables' }] as const;
  const { exit, stdout } = await doctor(await hostWith({ ...NO_PROBE, health }));
  expect(exit).toBe(69);
  expect(stdout).toContain('FAIL  method         nft is gone: install nftables\n');
});

describe('the configuration', () => {
  test('surprises by a warning', async () => {
    const file = await hostWith(NO_PROBE, 'SCAN_TRIGER="2"');
    const { exit, stdout } = await doctor(file);
    expect(exit).toBe(0);
    expect(stdout).toContain(
      `warn  configuration  ${file}:4:1: warning: unknown key SCAN_TRIGER is not read`,
    );
  });

  test('fails by an error, and the daemon is asked all the same', async () => {
    const file = await hostWith(NO_PROBE, 'BLOCK_TCP="7"');
    const { exit, stdout } = await doctor(file);
    expect(exit).toBe(69);
    expect(stdout).toContain(`FAIL  configuration  ${file}:4:12: error: BLOCK_TCP: expected`);
    expect(stdout).toContain('ok    daemon ');
  });

  test('is not there', async () => {
    const { exit, stdout } = await doctor(join(testFolder(), 'none'));
    expect(exit).toBe(69);
    expect(stdout).toMatch(/^FAIL {2}configuration {2}\S+\/none: no such file; name one with -c FILE\n/);
  });
});

test('a daemon that does not answer fails, and nothing more is looked at', async () => {
  const path = join(testFolder(), 's');
  const file = configFile(`CONTROL_SOCKET="${path}"`, `HISTORY_FILE="${testFolder()}/h"`, 'IGNORE_FILE=""');
  const { exit, stdout } = await doctor(file);
  expect(exit).toBe(69);
  expect(stdout.split('\n').slice(1)).toEqual([
    `FAIL  daemon         no portsentry answers on ${path}: is it running? (CONTROL_SOCKET in ${file})`,
    '',
  ]);
});

describe('the trial probe', () => {
  test('cannot be sent where only a named interface is heard', async () => {
    const status = () => ({ ...STATUS, interfacesAsked: ['eth0', 'wlan0'] });
    expect((await doctor(await hostWith({ status }))).stdout).toContain(
      'skip  filter         it hears only eth0, wlan0, where doctor cannot send: scan this host from another one\n',
    );
  });

  test('over loopback: the source is spared, and it is seen when its probes grow', async () => {
    const spared: string[] = [];
    let asked = 0;
    const file = await hostWith({
      status: () => ({ ...STATUS, interfacesAsked: ['lo'] }),
      spare: (address) => {
        spared.push(address);
        return { outcome: 'done', message: '' };
      },
      why: async (address) => {
        expect(spared).toEqual([address]);
        return { ...WHY, address, source: { ...WHY.source!, probes: asked++ === 0 ? 5 : 6 } };
      },
    });
    const { exit, stdout } = await doctor(file);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/ok {4}filter {9}a probe over loopback was seen after \d+ ms\n/);
    expect(spared).toEqual([expect.stringMatching(/^127\./)]);
  });

  test('that is not seen fails', async () => {
    const status = () => ({ ...STATUS, interfacesAsked: ['lo'] });
    const { exit, stdout } = await doctor(await hostWith({ status }));
    expect(exit).toBe(69);
    expect(stdout).toContain(
      'FAIL  filter         a probe of TCP port 1 over loopback was not seen within 3 s: look in the log for what ' +
        'capture says, and start portsentry anew\n',
    );
  });
});

test('addresses are two neighbours out of 198.18.0.0/15', () => {
  for (let draw = 0; draw < 1_000; draw++) {
    const [near, far] = drawAddressPair() ?? ['', ''];
    const [first, second, third, fourth] = near.split('.').map(Number) as [number, number, number, number];
    expect(first).toBe(198);
    expect([18, 19]).toContain(second);
    expect(fourth % 2).toBe(0);
    expect(far).toBe(`${first}.${second}.${third}.${fourth + 1}`);
  }
});
