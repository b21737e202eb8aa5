import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CapturePlan } from '../../src/sensor/child-plan.ts';
import type { SensorHandlers } from '../../src/sensor/sensor-process.ts';
import { SensorSupervisor } from '../../src/sensor/supervisor.ts';

/** The process of a sensor needs root and a device, so the test speaks for it. */
const sensors: FakeSensor[] = [];
class FakeSensor {
  readonly counts = new Map<number, number>();
  readonly account = { name: 'nobody', uid: 1, gid: 1 };
  readonly startedAt: number;
  readonly handlers: SensorHandlers;
  hasSign = true;

  constructor(_plan: CapturePlan, now: number, handlers: SensorHandlers) {
    this.startedAt = now;
    this.handlers = handlers;
    sensors.push(this);
  }

  takeSign(): boolean {
    return this.hasSign;
  }

  kill(reason: string): void {
    this.handlers.ended(null, reason);
    this.handlers.drained();
  }

  end(): void {
    this.handlers.ended(0, 'asked to end');
    this.handlers.drained();
  }
}
vi.mock('../../src/sensor/sensor-process.ts', () => ({
  SensorProcess: function SensorProcess(plan: CapturePlan, now: number, handlers: SensorHandlers) {
    return new FakeSensor(plan, now, handlers);
  },
}));

let events: string[];
let supervisor: SensorSupervisor;
beforeEach(() => {
  vi.useFakeTimers();
  sensors.length = 0;
  events = [];
  supervisor = new SensorSupervisor(
    {
      plan: () => ({ devices: [], group: null, clockBaseMs: 0 }),
      records: () => Promise.resolve(),
      ready: () => events.push('ready'),
      refused: () => events.push('refused'),
      died: () => events.push('died'),
      lost: (reason) => events.push(`lost: ${reason}`),
      failed: (reason) => events.push(`failed: ${reason}`),
      notRenewed: (reason) => events.push(`not renewed: ${reason}`),
    },
    () => Date.now(),
  );
  supervisor.renew();
});
afterEach(async () => {
  await supervisor.close();
  vi.useRealTimers();
});

const newest = () => sensors.at(-1) as FakeSensor;

test('fault 27: a sensor that gives no sign of life is replaced after 3.5 s, and it is said', () => {
  newest().handlers.ready(0);
  vi.advanceTimersByTime(60_000);
  expect(sensors).toHaveLength(1);
  newest().hasSign = false;
  vi.advanceTimersByTime(3_000);
  expect([supervisor.isCapturing, sensors.length]).toEqual([true, 1]);
  vi.advanceTimersByTime(500);
  expect(supervisor.isCapturing).toBe(false);
  expect(events).toEqual(['ready', 'lost: it gave no sign of life for 3.5 s', 'died']);
  vi.advanceTimersByTime(1);
  expect(sensors).toHaveLength(2);
});

test('a sign in time is enough', () => {
  newest().handlers.ready(0);
  for (let look = 0; look < 100; look++) {
    newest().hasSign = look % 6 === 0;
    vi.advanceTimersByTime(500);
  }
  expect([sensors.length, supervisor.isCapturing]).toEqual([1, true]);
});

test('a sensor that is never ready is replaced', () => {
  vi.advanceTimersByTime(19_500);
  expect(sensors).toHaveLength(1);
  vi.advanceTimersByTime(500);
  expect(events).toEqual(['failed: it was not ready after 20 s']);
  vi.advanceTimersByTime(1);
  expect(sensors).toHaveLength(2);
});

test('what a sensor said is forgotten when it dies, and not when it hands over to the next', () => {
  newest().handlers.ready(0x21);
  supervisor.renew();
  newest().handlers.ready(0);
  expect(events).toEqual(['ready', 'ready']);
  newest().handlers.ended(null, 'ended by SIGKILL');
  newest().handlers.drained();
  expect(events.slice(2)).toEqual(['lost: ended by SIGKILL', 'died']);
  expect(supervisor.process).toEqual({ account: 'nobody', lacks: [], died: 1 });
});

test('however often it is killed, the next one is there within 3 s', () => {
  for (let kill = 0; kill < 20; kill++) {
    newest().handlers.ready(0);
    newest().handlers.ended(null, 'ended by SIGKILL');
    const before = sensors.length;
    vi.advanceTimersByTime(3_000);
    expect(sensors).toHaveLength(before + 1);
  }
});
