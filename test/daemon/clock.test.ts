import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { HOST_CLOCKS, SteadyClock } from '../../src/daemon/clock.ts';

/** 2026-11-22 13:33:37 UTC. */
const NOON = 1_795_354_417_000;

const HOUR_MS = 3_600_000;

/** A clock over a host whose wall clock the test sets. */
function given() {
  const host = { wall: NOON, monotonic: 7_000 };
  const clock = new SteadyClock({ wall: () => host.wall, monotonic: () => host.monotonic });
  const pass = (ms: number) => {
    host.wall += ms;
    host.monotonic += ms;
  };
  return { host, clock, pass };
}

test('it begins with the time of the wall clock and goes on by the monotonic one', () => {
  const { host, clock, pass } = given();
  expect(clock.now()).toBe(NOON);
  pass(5_000);
  host.wall -= 3 * HOUR_MS;
  expect(clock.now()).toBe(NOON + 5_000);
});

test.each([
  ['set back by three hours', -3 * HOUR_MS],
  ['set forward by 25 hours', 25 * HOUR_MS],
  ['resumed after 8 hours, in which the monotonic clock stood still', 8 * HOUR_MS],
  ['set by two seconds', 2_000],
])('the wall clock is %s: a look says so once, and times are converted', (_how, movedMs) => {
  const { host, clock, pass } = given();
  pass(20_000);
  expect(clock.look()).toBe(0);
  host.wall += movedMs;
  expect(clock.look()).toBe(movedMs);
  expect(clock.look()).toBe(0);
  expect(clock.toWall(clock.now())).toBe(host.wall);
  expect(clock.fromWall(host.wall)).toBe(clock.now());
});

test('a clock that is slewed counts as moved whenever two seconds have come together', () => {
  const { host, clock, pass } = given();
  const moves: number[] = [];
  for (let second = 0; second < 1_000; second++) {
    pass(1_000);
    host.wall += 5;
    moves.push(clock.look());
    expect(Math.abs(clock.toWall(clock.now()) - host.wall)).toBeLessThan(2_000);
  }
  expect(moves.filter((move) => move !== 0)).toEqual([2_000, 2_000]);
});

test('the monotonic clock of the host is the same in another process', () => {
  const read = `process.stdout.write(String(process.hrtime.bigint() / 1_000_000n))`;
  const before = HOST_CLOCKS.monotonic();
  const inChild = Number(execFileSync(process.execPath, ['--eval', read], { encoding: 'utf8' }));
  expect(inChild).toBeGreaterThan(before);
  expect(inChild).toBeLessThanOrEqual(HOST_CLOCKS.monotonic());
});
