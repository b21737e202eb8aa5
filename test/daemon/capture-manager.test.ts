import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Kind, kindMask } from '../../src/classify/kind.ts';
import { PortSet } from '../../src/config/ports.ts';
import { CaptureManager, type CaptureManagerParts } from '../../src/daemon/capture-manager.ts';
import { SteadyClock } from '../../src/daemon/clock.ts';
import type { CapturePlan } from '../../src/sensor/child-plan.ts';
import type { SensorHandlers } from '../../src/sensor/sensor-process.ts';
import type { ViewedPorts } from '../../src/watch/filter-plan.ts';
import { SocketTable } from '../../src/watch/sockets.ts';

/** A sensor needs root and a device, so its process is replaced: the test reports for it what it would report. */
const sensors: FakeSensor[] = [];
class FakeSensor {
  readonly counts = new Map<number, number>();
  readonly startedAt: number;
  readonly plan: CapturePlan;
  readonly handlers: SensorHandlers;
  readonly account = null;
  readonly pid = 4711;

  constructor(plan: CapturePlan, now: number, handlers: SensorHandlers) {
    this.plan = plan;
    this.startedAt = now;
    this.handlers = handlers;
    sensors.push(this);
  }

  takeSign(): boolean {
    return true;
  }

  end(): void {
    setImmediate(() => this.handlers.ended(0, 'exit code 0'));
  }
}
vi.mock('../../src/sensor/sensor-process.ts', () => ({
  SensorProcess: function SensorProcess(plan: CapturePlan, now: number, handlers: SensorHandlers) {
    return new FakeSensor(plan, now, handlers);
  },
}));

const MIB = 1024 * 1024;
const SYN = kindMask([Kind.syn]);
const NO_PORTS: ViewedPorts = { tcp: new PortSet(), udp: new PortSet(), kinds: SYN, capturesTcp: true };
/** Below the ports that the kernel gives to clients. */
const PORT = 21_660;
const WATCHED: ViewedPorts = { ...NO_PORTS, tcp: PortSet.of([{ first: PORT, last: PORT }]) };
const DEVICES = Object.entries(networkInterfaces());
const OUTER = DEVICES.filter(([, entries = []]) => !entries.some(({ internal }) => internal)).map(
  ([name]) => name,
);

let events: unknown[];
beforeEach(() => {
  events = [];
});
afterEach(() => {
  sensors.length = 0;
});

function makeManager(parts: Partial<CaptureManagerParts> = {}, watched = WATCHED): CaptureManager {
  const manager = new CaptureManager(
    {
      clock: new SteadyClock(),
      interfaces: () => ['lo'],
      sockets: new SocketTable('/proc/self/net'),
      isOurs: () => false,
      watchesPortsInUse: false,
      records: () => Promise.resolve(),
      hostChanged: ({ addresses }) => events.push(`host of ${addresses.length} addresses`),
      hostSettled: () => events.push('settled'),
      refused: () => events.push('refused'),
      died: () => events.push('died'),
      ready: (devices) => events.push(['ready', ...devices]),
      failed: (reason, permission) => events.push([reason, permission]),
      leftOut: (device) => events.push(`left out: ${device}`),
      notRenewed: (reason) => events.push(`not renewed: ${reason}`),
      ...parts,
    },
    watched,
  );
  onTestFinished(() => manager.close());
  return manager;
}

function begin(manager: CaptureManager): void {
  manager.look(Date.now());
  manager.start();
}

const newest = () => sensors.at(-1) as FakeSensor;

describe('a start', () => {
  test('reports the host, and captures the chosen devices with a filter of their own', () => {
    begin(makeManager());
    expect(events).toEqual([expect.stringMatching(/^host of \d+ addresses$/)]);
    const [device, ...others] = newest().plan.devices;
    expect(others).toEqual([]);
    expect(device).toMatchObject({ name: 'lo', ringBytes: 11 * MIB });
    expect(device?.filter).toContain(String(PORT));
  });

  test.each<[string, Partial<CaptureManagerParts>, ViewedPorts, object]>([
    ['where no port is watched', {}, NO_PORTS, { isNeeded: false, isWell: true }],
    [
      'where no interface is up',
      { interfaces: () => ['gone0'] },
      WATCHED,
      { hasDevice: false, isWell: true },
    ],
  ])('%s captures nothing, and that is well', (_what, parts, watched, state) => {
    const manager = makeManager(parts, watched);
    begin(manager);
    expect(sensors).toEqual([]);
    expect(manager).toMatchObject(state);
  });

  test('a reload that names another interface captures on it', () => {
    let names = ['gone0'];
    const manager = makeManager({ interfaces: () => names });
    begin(manager);
    names = ['lo'];
    manager.configure(WATCHED);
    expect(newest().plan.devices.map(({ name }) => name)).toEqual(['lo']);
  });

  test.runIf(OUTER.length > 0)('gives loopback a small ring beside other devices', () => {
    begin(makeManager({ interfaces: () => ['lo', ...OUTER.slice(0, 1)] }));
    const rings = newest().plan.devices.map(({ name, ringBytes }) => [name, ringBytes / MIB]);
    expect(new Map(rings as [string, number][])).toEqual(
      new Map([
        ['lo', 1],
        [OUTER[0] as string, 10],
      ]),
    );
  });
});

test('capture is well once the sensor is ready, and not from its end until the next is', () => {
  const manager = makeManager();
  begin(manager);
  const states = [manager.isWell];
  newest().handlers.ready(0);
  states.push(manager.isWell);
  newest().counts.set(4, 7);
  newest().handlers.ended(null, 'a link went down');
  states.push(manager.isWell);
  expect(states).toEqual([false, true, false]);
  expect(events.slice(1)).toEqual([
    ['ready', 'lo'],
    ['a link went down', false],
  ]);
  expect([...manager.counts()]).toEqual([[4, 7]]);
});

test.each([
  [69, false],
  [77, true],
])(
  'a sensor that ends with exit code %i before it is ready has failed; not permitted: %s',
  (code, permission) => {
    begin(makeManager());
    newest().handlers.ended(code, 'lo: no');
    expect(events.at(-1)).toEqual(['lo: no', permission]);
  },
);

describe('a device whose frames libpcap has no name for', () => {
  const REASON = 'lo: arptype 778 not supported by libpcap - falling back to cooked socket';

  test.runIf(OUTER.length > 0)('is left out where all are captured', () => {
    const manager = makeManager({ interfaces: () => ['ALL'] });
    begin(manager);
    expect(manager.devices).toContain('lo');
    newest().handlers.ended(69, REASON);
    expect(events.slice(1)).toEqual(['left out: lo']);
    expect(manager.devices).not.toContain('lo');
    manager.configure(WATCHED);
    expect(newest().plan.devices.map(({ name }) => name)).toEqual(manager.devices.slice());
  });

  test('is a failure where it is named', () => {
    begin(makeManager());
    newest().handlers.ended(69, REASON);
    expect(events.slice(1)).toEqual([[REASON, false]]);
  });
});

test('other ports are captured by a new sensor, and the old one goes on when that fails', () => {
  const manager = makeManager();
  begin(manager);
  newest().handlers.ready(0);
  manager.configure({ ...WATCHED, tcp: PortSet.of([{ first: PORT + 1, last: PORT + 1 }]) });
  expect(newest().plan.devices[0]?.filter).toContain(String(PORT + 1));
  newest().handlers.ended(1, 'lo: busy');
  expect(events.at(-1)).toBe('not renewed: lo: busy');
  expect(manager.isWell).toBe(true);
});

describe('a service that takes a watched port', () => {
  const passes = () => newest().plan.devices[0]?.filter.includes(String(PORT));

  test.each([
    ['is left out of the filter', {}, false],
    ['stays in it when it is our own', { isOurs: (port: number) => port === PORT }, true],
    ['stays in it when ports in use are watched', { watchesPortsInUse: true }, true],
  ])('%s', async (_what, parts, passed) => {
    const server = createServer().listen(PORT);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    begin(makeManager(parts));
    expect(passes()).toBe(passed);
  });

  test('gets a new filter at once while many packets come to ports in use', async () => {
    const manager = makeManager();
    begin(manager);
    expect(passes()).toBe(true);
    const server = createServer().listen(PORT);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    for (const [second, inUse, started] of [
      [61, 999, 1],
      [62, 1_000, 2],
    ] as const) {
      manager.tick(Date.now() + second * 1_000, inUse);
      expect(sensors).toHaveLength(started);
    }
    expect(passes()).toBe(false);
  });
});
