import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ReadyShell } from '../../src/commands/ready-shell.ts';
import { type CommandOptions, runCommand } from '../../src/commands/shell.ts';
import { testFolder } from '../respond/given.ts';
import { eventually } from '../support/eventually.ts';
import { stopClock } from '../support/stop-clock.ts';

const ENOUGH = { timeoutMs: 60_000 };

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

describe('in a shell that was started ahead', () => {
  const VERBATIM = String.raw`  printf '%s|' "a\nb" 'c  d' "$HOME" $((1 + 2)) \;  `;

  test.each([...ENDS, [VERBATIM, null, `a\\nb|c  d|${process.env.HOME}|3|;|`] as const])(
    '%j ends with %j',
    async (command, failure, output) => {
      const ready = await readyShell();
      expect(await runCommand(command, { ...ENOUGH, ready })).toEqual({ failure, output });
    },
  );

  test('it has the usual priority, whatever its parent has', async () => {
    const usual = getPriority();
    onTestFinished(() => setPriority(usual));
    setPriority(-10);
    const ready = await readyShell();
    expect(await runCommand('nice', { ...ENOUGH, ready })).toEqual({ failure: null, output: '0\n' });
    // A shell that was not waiting gets its priority after it has started.
    const command = 'until [ "$(nice)" = 0 ]; do :; done';
    expect(await runCommand(command, ENOUGH)).toEqual({ failure: null, output: '' });
  });

  test('each command has its own shell', async () => {
    const ready = await readyShell();
    const pids = [];
    for (let count = 0; count < 2; count++) {
      ready.prepare();
      pids.push((await runCommand('echo $$', { ...ENOUGH, ready })).output);
    }
    expect(new Set(pids).size).toBe(2);
  });

  test('another shell runs a command of two lines, or one that is too long for the pipe', async () => {
    const ready = await readyShell();
    for (const command of ['echo one\necho two', `: ${'x'.repeat(5_000)}; echo one; echo two`]) {
      expect(await runCommand(command, { ...ENOUGH, ready })).toEqual({
        failure: null,
        output: 'one\ntwo\n',
      });
    }
    expect(waitingShells()).toHaveLength(1);
  });

  test('when it was killed, the next command runs all the same', async () => {
    const ready = await readyShell();
    const [pid] = waitingShells() as [number];
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(waitingShells()).toEqual([]));
    await eventually(async () =>
      expect(await runCommand('echo done', { ...ENOUGH, ready })).toEqual({
        failure: null,
        output: 'done\n',
      }),
    );
  });

  test('when it is closed, it ends without running anything', async () => {
    const ready = await readyShell();
    expect(waitingShells()).toHaveLength(1);
    ready.close();
    await eventually(() => expect(waitingShells()).toEqual([]));
    ready.prepare();
    expect(waitingShells()).toEqual([]);
  });

  /** Starts a waiting shell, after that of the test before has ended. */
  async function readyShell(): Promise<ReadyShell> {
    await eventually(() => expect(waitingShells()).toEqual([]));
    const ready = new ReadyShell();
    onTestFinished(() => ready.close());
    ready.prepare();
    return ready;
  }

  /** Our children that wait for a command. */
  function waitingShells(): number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => {
        try {
          const isOurs = readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${process.pid}\n`);
          return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('eval "$command"');
        } catch {
          return false;
        }
      })
      .map(Number);
  }
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
  /** A loop of the shell that ends when a child has made the file `set`. */
  const AWAIT_SET = 'until [ -e set ]; do sleep 0.01; done;';

  test('is ended by TERM, with all its children', async () => {
    const child = 'trap "echo TERM >> got; exit" TERM; touch set; while :; do sleep 0.05; done';
    const { folder, running } = await start(`(${child}) & ${AWAIT_SET} echo $! $$ > pids; wait`, {
      timeoutMs: 200,
    });
    await vi.advanceTimersByTimeAsync(200);
    await eventually(() => expect(livingOf(`${folder}/pids`)).toEqual([]));
    await vi.advanceTimersByTimeAsync(2_100);
    expect((await running).failure).toBe('timed out after 0.2 s');
    expect(readFileSync(`${folder}/got`, 'utf8')).toBe('TERM\n');
  });

  test.each([
    [
      'and ignores TERM',
      'trap "" TERM; echo stuck; sleep 60 & echo $! $$ > pids; sleep 60; sleep 60',
      ': stuck',
    ],
    [
      'but whose shell does',
      `(trap "" TERM; touch set; sleep 60; sleep 60) & ${AWAIT_SET} echo $! > pids; wait`,
      '',
    ],
  ])('%s is ended by KILL after two seconds', async (_what, command, said) => {
    const { folder, pids, running } = await start(command, { timeoutMs: 200 });
    await vi.advanceTimersByTimeAsync(200 + 1_999);
    expect(livingOf(`${folder}/pids`)).toEqual(pids);
    await vi.advanceTimersByTimeAsync(1 + 100);
    expect((await running).failure).toBe(`timed out after 0.2 s${said}`);
    await eventually(() => expect(livingOf(`${folder}/pids`)).toEqual([]));
  });

  test('is ended by KILL a fifth of a second after the daemon began to end', async () => {
    const ending = new AbortController();
    const command = 'trap "" TERM; echo $$ > pids; sleep 60; sleep 60';
    const { folder, pids, running } = await start(command, { timeoutMs: 60_000, signal: ending.signal });
    ending.abort();
    await vi.advanceTimersByTimeAsync(199);
    expect(livingOf(`${folder}/pids`)).toEqual(pids);
    await vi.advanceTimersByTimeAsync(1 + 100);
    expect((await running).failure).toBe('portsentry is ending');
    await eventually(() => expect(livingOf(`${folder}/pids`)).toEqual([]));
  });

  test('and has timed out is ended as soon when the daemon ends', async () => {
    const ending = new AbortController();
    const command = 'trap "touch got" TERM; echo $$ > pids; while :; do sleep 0.05; done';
    const { folder, running } = await start(command, { timeoutMs: 100, signal: ending.signal });
    await vi.advanceTimersByTimeAsync(100);
    await eventually(() => expect(existsSync(`${folder}/got`)).toBe(true));
    ending.abort();
    await vi.advanceTimersByTimeAsync(200 + 100);
    expect((await running).failure).toBe('timed out after 0.1 s');
  });

  /** Stops the clock, and starts a command in a folder of its own that writes the numbers of its processes to `pids`. */
  async function start(command: string, options: CommandOptions) {
    stopClock();
    const folder = testFolder();
    const running = runCommand(`cd ${folder}; ${command}`, options);
    const pids = await eventually(() => {
      expect(readFileSync(`${folder}/pids`, 'utf8')).toMatch(/\n$/);
      return livingOf(`${folder}/pids`);
    });
    return { folder, pids, running };
  }
});

test('no command starts once the daemon ends', async () => {
  const mark = join(testFolder(), 'mark');
  const { failure } = await runCommand(`touch ${mark}`, { timeoutMs: 60_000, signal: AbortSignal.abort() });
  expect(failure).toBe('portsentry is ending');
  expect(existsSync(mark)).toBe(false);
});

describe('a child in the background that holds our pipes', () => {
  test('does not keep its command from ending', async () => {
    const pids = pidsToKill();
    const { failure, output } = await runCommand(`echo ready; sleep 60 & echo $! > ${pids}`, ENOUGH);
    expect({ failure, output }).toEqual({ failure: null, output: 'ready\n' });
    expect(livingOf(pids)).toHaveLength(1);
  });

  test('may continue to write, and is not killed for it', async () => {
    const folder = testFolder();
    await runCommand(
      `(until [ -e ${folder}/go ]; do sleep 0.05; done; echo late; touch ${folder}/survived) &`,
      ENOUGH,
    );
    writeFileSync(`${folder}/go`, '');
    await eventually(() => expect(existsSync(`${folder}/survived`)).toBe(true));
  });

  test('does not exhaust our descriptors', async () => {
    const pids = pidsToKill();
    const before = openDescriptors();
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 20 }, () => runCommand(`sleep 60 & echo $! >> ${pids}`, ENOUGH)),
      );
    }
    await eventually(() => expect(openDescriptors() - before).toBeLessThanOrEqual(64));
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

/** The processes of a list that have not ended: neither gone nor zombies that were not reaped. */
function livingOf(list: string): string[] {
  const stateOf = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')[0] as string;
    } catch {
      return 'gone';
    }
  };
  const pids = readFileSync(list, 'utf8').trim().split(/\s+/);
  return pids.filter((pid) => !['gone', 'Z', 'X'].includes(stateOf(pid)));
}
