import { expect, test } from 'vitest';
import { handOn, takePassedSockets } from '../../src/service/passed-sockets.ts';

test.each<[string, NodeJS.ProcessEnv, number[]]>([
  ['none', {}, []],
  ['two', { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b' }, [3, 4]],
  ['those of another process', { LISTEN_PID: '8', LISTEN_FDS: '2' }, []],
  ['a number that is none', { LISTEN_PID: '7', LISTEN_FDS: 'x' }, []],
  ['a number below zero', { LISTEN_PID: '7', LISTEN_FDS: '-1' }, []],
  ['too many', { LISTEN_PID: '7', LISTEN_FDS: '1000' }, [3, 4, 5, 6, 7, 8, 9, 10]],
])('%s', (_what, env, passed) => {
  const own = { ...env, PATH: '/bin' };
  expect(takePassedSockets(own, 7)).toEqual(passed);
  expect(own, 'no command takes them for its own').toEqual({ PATH: '/bin' });
});

test('the parent of a USER daemon hands them on, whatever the process ID of the daemon', () => {
  const { stdio, env } = handOn([3, 4]);
  expect(stdio).toEqual([3, 4]);
  expect(takePassedSockets({ ...env }, 99)).toEqual([3, 4]);
  expect(handOn([])).toEqual({ stdio: [], env: {} });
});
