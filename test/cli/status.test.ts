import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { jsonLine } from '../../src/cli/json.ts';
import { renderStatus, runStatus } from '../../src/cli/status.ts';
import type { KernelSensorStatus } from '../../src/control/status.ts';
import { KERNEL_STATUS, STATUS } from '../control/given.ts';
import { runWith } from './given.ts';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('the text', () => {
  expect(renderStatus(STATUS)).toBe(`\
portsentry 3.0.0, pid 4711, up 3 h 12 min (since 2026-11-22 10:21)

  modes          atcp, audp
  interfaces     eth0, eth1
  configuration  /etc/portsentry/portsentry.conf
  frames         123456, 12 of them captured twice
  not decoded    12: not IP 10, bad checksum 2
  sensor         SENSOR="packet" is set
  process        runs as _portsentry, replaced 1 time
  probes         345
  sources        17 tracked
  blocks         11 in force, 12 due
  method         nftables (the best that this host has)
  actions        1 running, 2 waiting
  breaker        closed (opens at more than 300 new blocks a minute)
  services       22/tcp, 53/udp at 192.0.2.1
  memory         64 MiB
`);
});

const kernel = KERNEL_STATUS.sensor.kernel as KernelSensorStatus;

test('blocks of which nothing can say whether they are in force are counted apart', () => {
  const text = renderStatus({ ...STATUS, blocks: { inForce: 1, unknown: 2, due: 4 } });
  expect(text).toContain('  blocks         1 in force, 2 unknown (nothing can say it), 4 due\n');
});

test('the text with other values', () => {
  const status = {
    ...STATUS,
    interfaces: [],
    configFile: null,
    dryRun: true,
    duplicates: 0,
    sensor: { ...KERNEL_STATUS.sensor, kernel: { ...kernel, hearsBlocked: false } },
    knownServices: [],
    undecoded: { truncated: 0 },
    breaker: { open: true, threshold: 1 },
  };
  expect(renderStatus(status)).toBe(`\
portsentry 3.0.0, pid 4711, up 3 h 12 min (since 2026-11-22 10:21)

  modes          atcp, audp
  interfaces     none is up (asked for: ALL_NLO)
  configuration  no file: the built-in defaults, which only log
  dry run        no action is carried out
  frames         123456
  not decoded    0
  sensor         the kernel watches
  held           3 sources now, 1000 packets so far
  holds shed     7
  challenge      3 sources under test, 1 proven within a day
  reports        500, 2 lost, 20 beyond the rate; of blocked sources unknown, because nftables drops them first
  process        is gone or gives no sign of life as _portsentry, replaced 1 time, 3 records refused, 2 with a far time
  probes         345
  sources        17 tracked
  blocks         11 in force, 12 due
  method         nftables (the best that this host has)
  actions        1 running, 2 waiting
  breaker        open: more than 1 new block a minute, so sources of a single probe are only logged
  services       none is known
  memory         64 MiB
`);
});

test('text and --json', async () => {
  const text = await runWith({}, (options, output) => runStatus({ ...options, json: false }, output));
  expect(text).toMatchObject({ exit: 0, stdout: renderStatus(STATUS), stderr: '' });
  const json = await runWith({}, (options, output) => runStatus({ ...options, json: true }, output));
  expect(json).toMatchObject({ exit: 0, stdout: jsonLine(STATUS), stderr: '' });
});
