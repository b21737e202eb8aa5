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

/** Writes a configuration without problems, and starts a server with these handlers. */
async function hostWith(handlers: Partial<ControlHandlers>, ...lines: string[]): Promise<string> {
  const { path } = await serve(handlers);
  const folder = testFolder();
  return configFile(`CONTROL_SOCKET="${path}"`, `HISTORY_FILE="${folder}/h"`, 'IGNORE_FILE=""', ...lines);
}

const NO_PROBE = { status: () => ({ ...STATUS, probePort: null }) };

describe('the line of a check', () => {
  test.each<[check: HealthCheck, line: string]>([
    [{ name: 'capture', result: 'ok', message: 'it runs' }, 'ok    capture        it runs\n'],
    [{ name: 'files', result: 'warn', message: 'w' }, 'warn  files          w\n'],
    [{ name: 'configuration', result: 'fail', message: 'f' }, 'FAIL  configuration  f\n'],
    [{ name: 'filter', result: 'skip', message: 's' }, 'skip  filter         s\n'],
  ])('%j', (check, line) => {
    expect(renderCheck(check)).toBe(line);
  });
});

test('a healthy host', async () => {
  const file = await hostWith(NO_PROBE);
  const outcome = await doctor(file);
  expect(outcome).toMatchObject({ exit: 0, stderr: '' });
  expect(outcome.stdout).toBe(`\
ok    configuration  ${file}: no problems found
ok    daemon         portsentry 3.0.0, pid 4711, up 3 h 12 min
ok    capture        it runs
skip  filter         no watched port is free, so no probe was sent
`);
});

test('--json', async () => {
  const { exit, stdout } = await doctor(await hostWith(NO_PROBE), true);
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    healthy: true,
    checks: [{ name: 'configuration' }, { name: 'daemon' }, ...HEALTH, { name: 'filter', result: 'skip' }],
  });
});

test('a failed check gives exit code 69', async () => {
  const health = async () =>
    [{ name: 'method', result: 'fail', message: 'nft is gone: install nftables' }] as const;
  const { exit, stdout } = await doctor(await hostWith({ ...NO_PROBE, health }));
  expect(exit).toBe(69);
  expect(stdout).toContain('FAIL  method         nft is gone: install nftables\n');
});

describe('the configuration', () => {
  test('warns', async () => {
    const file = await hostWith(NO_PROBE, 'SCAN_TRIGER="2"');
    const { exit, stdout } = await doctor(file);
    expect(exit).toBe(0);
    expect(stdout).toContain(
      `warn  configuration  ${file}:4:1: warning: unknown key SCAN_TRIGER is not read`,
    );
  });

  test('fails on an error, and the daemon is still queried', async () => {
    const file = await hostWith(NO_PROBE, 'BLOCK_TCP="7"');
    const { exit, stdout } = await doctor(file);
    expect(exit).toBe(69);
    expect(stdout).toContain(`FAIL  configuration  ${file}:4:12: error: BLOCK_TCP: expected`);
    expect(stdout).toContain('ok    daemon ');
  });

  test('is missing', async () => {
    const { exit, stdout } = await doctor(join(testFolder(), 'none'));
    expect(exit).toBe(69);
    expect(stdout).toMatch(/^FAIL {2}configuration {2}\S+\/none: no such file; name one with -c FILE\n/);
  });
});

test('a daemon that does not answer fails and ends the checks', async () => {
  const path = join(testFolder(), 's');
  const file = configFile(`CONTROL_SOCKET="${path}"`, `HISTORY_FILE="${testFolder()}/h"`, 'IGNORE_FILE=""');
  const { exit, stdout } = await doctor(file);
  expect(exit).toBe(69);
  expect(stdout.split('\n').slice(1)).toEqual([
    `FAIL  daemon         no portsentry answers on ${path}: is it running? (CONTROL_SOCKET in ${file})`,
    '',
  ]);
});

describe('the test probe', () => {
  test('is skipped when the daemon listens only on named interfaces', async () => {
    const status = () => ({ ...STATUS, interfacesAsked: ['eth0', 'wlan0'] });
    expect((await doctor(await hostWith({ status }))).stdout).toContain(
      'skip  filter         portsentry listens only on eth0, wlan0, where doctor cannot send: scan this host from another one\n',
    );
  });

  test('over loopback spares its source, and is seen when the count of probes grows', async () => {
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

  test('fails when it is not seen', async () => {
    const status = () => ({ ...STATUS, interfacesAsked: ['lo'] });
    const { exit, stdout } = await doctor(await hostWith({ status }));
    expect(exit).toBe(69);
    expect(stdout).toContain(
      'FAIL  filter         a probe to TCP port 1 over loopback was not seen within 3 s: look in the log for ' +
        'capture errors, then restart portsentry\n',
    );
  });
});

test('the drawn addresses are adjacent in 198.18.0.0/15', () => {
  for (let draw = 0; draw < 1_000; draw++) {
    const [near, far] = drawAddressPair() ?? ['', ''];
    const [first, second, third, fourth] = near.split('.').map(Number) as [number, number, number, number];
    expect(first).toBe(198);
    expect([18, 19]).toContain(second);
    expect(fourth % 2).toBe(0);
    expect(far).toBe(`${first}.${second}.${third}.${fourth + 1}`);
  }
});
