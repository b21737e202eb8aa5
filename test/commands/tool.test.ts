import { expect, test } from 'vitest';
import { firstError, runTool } from '../../src/commands/tool.ts';

const SH = { command: 'sh', package: 'dash' };

test('a program gets its input, and nothing of our environment', async () => {
  const { failure, stdout } = await runTool(SH, ['-c', 'cat; echo $LC_ALL $TERM $HOME'], { input: 'in\n' });
  expect([failure, stdout]).toEqual([null, 'in\nC dumb /nonexistent\n']);
});

test.each([
  ['exit 3', 'sh: exit status 3'],
  ['echo "Error: so it is" >&2; exit 3', 'sh: so it is'],
  ['kill -TERM $$', 'sh: killed by SIGTERM'],
] as const)('%s: %s', async (script, failure) => {
  expect((await runTool(SH, ['-c', script])).failure).toBe(failure);
});

test('a program that is missing, hangs or writes too much fails with the reason', async () => {
  expect(await runTool({ command: 'no-such-program', package: 'nothing' }, [])).toMatchObject({
    failure: 'no-such-program: not found; install nothing',
  });
  expect(await runTool(SH, ['-c', 'exec sleep 60'], { timeoutMs: 100 })).toMatchObject({
    failure: 'sh: timed out after 0.1 s',
  });
  expect(await runTool(SH, ['-c', 'exec yes'])).toMatchObject({ failure: 'sh: said more than 64 MiB' });
});

test.each([
  ['', ''],
  ['# Warning: iptables-legacy tables present, use iptables-legacy to see them\n', ''],
  ['/dev/stdin:1:5-9: Error: syntax error\nadd x\n    ^^^\n', 'syntax error'],
  [
    'Error: Could not process rule: Operation not permitted\n',
    'Could not process rule: Operation not permitted',
  ],
  ['ipset v7.17: Hash is full, cannot add more elements\n', 'Hash is full, cannot add more elements'],
  ['iptables v1.8.9 (nf_tables): Could not fetch\n', 'Could not fetch'],
  ['# Warning: old\niptables-restore: line 2 failed\n', 'iptables-restore: line 2 failed'],
] as const)('the first error in %j', (stderr, message) => {
  expect(firstError(stderr)).toBe(message);
});
