import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runCommand } from '../../src/commands/shell.ts';
import { testFolder } from '../respond/given.ts';

const ENOUGH = { timeoutMs: 10_000 };

const ENDS: [command: string, failure: string | null, output: string][] = [
  ['true', null, ''],
  ['echo done; echo well >&2', null, 'done\nwell\n'],
  ['exit 3', 'exit status 3', ''],
  ['echo; echo no such chain; echo more; exit 3', 'exit status 3: no such chain', '\nno such chain\nmore\n'],
  ['printf "a\\033[31mb\\tc\\001"; exit 1', 'exit status 1: a [31mb c', 'a\x1b[31mb\tc\x01'],
  ['kill -SEGV $$', 'killed by SIGSEGV', ''],
  ['cat', null, ''],
];

test.each(ENDS)('%j ends with %j', async (command, failure, output) => {
  expect(await runCommand(command, ENOUGH)).toEqual({ failure, output });
});

// "The exit status of commands is not looked at: a missing program counts as a block."
test('a missing program is a failure that names it', async () => {
  const { failure } = await runCommand('/nowhere/iptables -I INPUT', ENOUGH);
  expect(failure).toMatch(/^exit status 127: .*\/nowhere\/iptables/);
});

describe('a command that cannot be started fails:', () => {
  test('a command longer than the kernel takes', async () => {
    const { failure } = await runCommand(`true ${'x'.repeat(3_000_000)}`, ENOUGH);
    expect(failure).toMatch(/^cannot be started: .*E2BIG/);
  });

  test('any command without a free descriptor', async () => {
    const { failure } = await withoutDescriptors(() => runCommand('true', ENOUGH));
    expect(failure).toMatch(/^cannot be started: .*EMFILE/);
  });
});

test('programs in sbin are found, however short our own PATH is', async () => {
  vi.stubEnv('PATH', '/opt/own');
  const { output } = await runCommand('echo "$PATH"', ENOUGH);
  vi.unstubAllEnvs();
  expect(output).toBe('/opt/own:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n');
});

test('a megabyte of output is read to its end, and 4 KiB are kept', async () => {
  const result = await runCommand('head -c 1048576 /dev/zero | tr "\\0" x; echo end >&2; exit 5', ENOUGH);
  expect(result.output).toMatch(/^x+(end\n)?$/);
  expect(result.output).toHaveLength(4_096);
  expect(result.failure).toBe(`exit status 5: ${'x'.repeat(200)}...`);
});

describe('a command that does not end', () => {
  test('is ended by TERM, with all its children', async () => {
    const folder = testFolder();
    const child = `trap "echo TERM >> ${folder}/got; exit" TERM; while :; do sleep 0.05; done`;
    const { failure } = await runCommand(`(${child}) & echo $! $$ > ${folder}/pids; wait`, {
      timeoutMs: 200,
    });
    expect(failure).toBe('timed out after 0.2 s');
    expect(readFileSync(`${folder}/got`, 'utf8')).toBe('TERM\n');
    expectGone(`${folder}/pids`);
  });

  test('and ignores TERM is ended by KILL after two seconds', async () => {
    const pids = join(testFolder(), 'pids');
    const started = performance.now();
    const command = `trap "" TERM; echo stuck; sleep 60 & echo $! $$ > ${pids}; sleep 60; sleep 60`;
    const { failure } = await runCommand(command, { timeoutMs: 200 });
    expect(failure).toBe('timed out after 0.2 s: stuck');
    expect(performance.now() - started).toBeGreaterThan(2_100);
    expect(performance.now() - started).toBeLessThan(4_000);
    expectGone(pids);
  });

  test('but whose shell does leaves no child behind either', async () => {
    const pids = join(testFolder(), 'pids');
    const { failure } = await runCommand(`(trap "" TERM; sleep 60; sleep 60) & echo $! > ${pids}; wait`, {
      timeoutMs: 200,
    });
    expect(failure).toBe('timed out after 0.2 s');
    expectGone(pids);
  });

  test('is ended within half a second when the daemon ends', async () => {
    const folder = testFolder();
    const ending = new AbortController();
    const running = runCommand(`trap "" TERM; echo $$ > ${folder}/pids; sleep 60; sleep 60`, {
      timeoutMs: 10_000,
      signal: ending.signal,
    });
    await vi.waitFor(() => expect(existsSync(`${folder}/pids`)).toBe(true));
    const aborted = performance.now();
    ending.abort();
    expect((await running).failure).toBe('portsentry is ending');
    expect(performance.now() - aborted).toBeLessThan(500);
    expectGone(`${folder}/pids`);
  });
});

test('a command that has timed out is ended within half a second when the daemon ends', async () => {
  const folder = testFolder();
  const ending = new AbortController();
  const command = `trap "touch ${folder}/got" TERM; while :; do sleep 0.05; done`;
  const running = runCommand(command, { timeoutMs: 100, signal: ending.signal });
  await vi.waitFor(() => expect(existsSync(`${folder}/got`)).toBe(true));
  const aborted = performance.now();
  ending.abort();
  expect((await running).failure).toBe('timed out after 0.1 s');
  expect(performance.now() - aborted).toBeLessThan(500);
});

test('no command starts once the daemon ends', async () => {
  const mark = join(testFolder(), 'mark');
  const { failure } = await runCommand(`touch ${mark}`, { timeoutMs: 10_000, signal: AbortSignal.abort() });
  expect(failure).toBe('portsentry is ending');
  expect(existsSync(mark)).toBe(false);
});

describe('a child in the background that holds our pipes', () => {
  test('does not keep its command from ending', async () => {
    const pids = pidsToKill();
    const started = performance.now();
    const { failure, output } = await runCommand(`echo ready; sleep 60 & echo $! > ${pids}`, ENOUGH);
    expect({ failure, output }).toEqual({ failure: null, output: 'ready\n' });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('may continue to write, and is not killed for it', async () => {
    const folder = testFolder();
    await runCommand(
      `(until [ -e ${folder}/go ]; do sleep 0.05; done; echo late; touch ${folder}/survived) &`,
      ENOUGH,
    );
    writeFileSync(`${folder}/go`, '');
    await vi.waitFor(() => expect(existsSync(`${folder}/survived`)).toBe(true), { timeout: 5_000 });
  });

  test('does not exhaust our descriptors', async () => {
    const pids = pidsToKill();
    const before = openDescriptors();
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 20 }, () => runCommand(`sleep 60 & echo $! >> ${pids}`, ENOUGH)),
      );
    }
    await vi.waitFor(() => expect(openDescriptors() - before).toBeLessThanOrEqual(64));
  });
});

/** Runs this while all our descriptors are in use. */
async function withoutDescriptors<T>(run: () => Promise<T>): Promise<T> {
  const limit = execFileSync('prlimit', ['--nofile', '-o', 'SOFT', '--noheadings']).toString().trim();
  const setLimit = (soft: string) =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${soft}:`]);
  setLimit('200');
  const files: number[] = [];
  try {
    for (;;) files.push(openSync('/dev/null', 'r'));
  } catch {
    return await run();
  } finally {
    for (const file of files) closeSync(file);
    setLimit(limit);
  }
}

/** A file for process ids; the processes are killed when the test ends. */
function pidsToKill(): string {
  const path = join(testFolder(), 'pids');
  onTestFinished(() => {
    for (const pid of readFileSync(path, 'utf8').trim().split('\n')) process.kill(Number(pid));
  });
  return path;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Expects each listed process to be gone, or to be a zombie that was not reaped. */
function expectGone(pids: string): void {
  for (const pid of readFileSync(pids, 'utf8').trim().split(/\s+/)) {
    const path = `/proc/${pid}/stat`;
    const state = existsSync(path) ? readFileSync(path, 'utf8').replace(/^.*\) /, '')[0] : 'gone';
    expect(['gone', 'Z', 'X']).toContain(state);
  }
}
