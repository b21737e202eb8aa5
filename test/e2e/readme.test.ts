import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childrenOf } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { commandsOf, missingFrom, type PageCommand } from '../support/readme.ts';
import { startService } from '../support/services.ts';

/**
 * Runs the commands of README as they are, in a fresh clone, on a host that another host scans. Each must end with 0
 * and print what README shows. node_modules is hard links to that of the checkout; the CI run, which starts without
 * one, tests `npm ci`.
 */

/** `.ci/run` runs this one: it cannot run inside itself. */
const RUN_BY_CI = 'make test';

/** README shows a session before it says how to build the program. A clone has none, so this one runs first. */
const FIRST = 'sudo make run';

/** All commands of the page, the others in their order. */
const COMMANDS = commandsOf(readFileSync('README.md', 'utf8')).sort(
  (a, b) => Number(b.command.startsWith(FIRST)) - Number(a.command.startsWith(FIRST)),
);

let lab: Lab;
let folder: string;
let clone: string;
let daemon: LabProcess | null = null;
/** What the daemon must have printed by its end. */
let shownOfDaemon: readonly string[] = [];
/** The page uses the name of the program before it defines it. */
const ALIASES = COMMANDS.map(({ command }) => command).filter((command) => command.startsWith('alias '));

beforeAll(async () => {
  mkdirSync('build', { recursive: true });
  folder = mkdtempSync(resolve('build/readme-'));
  clone = join(folder, 'portsentry');
  // Another user may own the checkout.
  const trust = ['-c', 'safe.directory=*'];
  execFileSync('git', [...trust, 'clone', '--quiet', process.cwd(), clone], { stdio: 'pipe' });
  execFileSync('cp', ['--archive', '--link', 'node_modules', clone]);
  // make compares the time of this file. A new file, because the link would change the checkout's.
  rmSync(join(clone, 'node_modules/.built'), { force: true });
  writeFileSync(join(clone, 'node_modules/.built'), '');
  mkdirSync(join(folder, 'bin'));
  // Root does not need sudo, and it may not be installed.
  writeFileSync(join(folder, 'bin/sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  lab = await createLab({ name: 'readme' });
  // Only this host sees what `make install` puts below /usr.
  const layers = 'lowerdir=/usr,upperdir=/run/usr,workdir=/run/usr.work';
  const script = `mkdir /run/usr /run/usr.work && mount -t overlay -o ${layers} overlay /usr`;
  expect(await lab.run(lab.victim, ['sh', '-c', script])).toMatchObject({ code: 0 });
  await startService(lab, lab.victim, 'tcp-echo', 22);
});
afterAll(async () => {
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('README has the commands that every reader looks for', () => {
  const all = COMMANDS.map(({ command }) => command).join('\n');
  for (const word of [
    FIRST,
    RUN_BY_CI,
    'check',
    'replay',
    'status',
    'list',
    'scanners',
    'why',
    'doctor',
    'block',
    'unblock',
  ])
    expect(all).toContain(word);
});

test('the output is compared line by line, except for numbers and blanks', () => {
  const output = 'Host: 10.99.0.7 Port: 22\n  packets   9\n1/tcp closed tcpmux\n';
  expect(missingFrom(output, ['Host: 10.0.0.1 Port: 1', '[...]', 'packets 203', '2/tcp closed x'])).toEqual(
    [],
  );
  expect(missingFrom(output, ['Host: 10.0.0.1 Port: 1 TCP', 'packet 9'])).toEqual([
    'Host: 10.0.0.1 Port: 1 TCP',
    'packet 9',
  ]);
});

test.each(COMMANDS.filter(({ command }) => !command.startsWith(RUN_BY_CI)))('$command', async (page) => {
  if (isDaemon(page)) return startDaemon(page);
  const host = page.prompt === '$' && page.command.startsWith('nmap ') ? lab.scanner : lab.victim;
  const { code, stdout, stderr } = await lab.run(host, shell(page.command), options());
  expect({ code, stderr: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, stderr: '' });
  expect(missingFrom(stdout + stderr, page.shown), stdout).toEqual([]);
});

test('the last live detector ends like the others', () => endDaemon());

function isDaemon({ command }: PageCommand): boolean {
  return /^(sudo )?make run\b|^portsentry -/.test(command);
}

/** Ends the live detector that runs, and starts another. */
async function startDaemon({ command, shown }: PageCommand): Promise<void> {
  await endDaemon();
  daemon = await lab.start(lab.victim, shell(command), options());
  shownOfDaemon = shown;
  await daemon.waitForLine(/^adminalert: PortSentry is now active and listening\.$/, 60_000);
}

/** Sends the signal to the program, as Ctrl-C does. It must end with 0 and have printed what README shows. */
async function endDaemon(): Promise<void> {
  if (daemon === null) return;
  const ending = daemon;
  daemon = null;
  await lab
    .waitFor(() => missingFrom(ending.output, shownOfDaemon).length === 0, 10_000)
    .catch(() => undefined);
  expect(missingFrom(ending.output, shownOfDaemon), ending.output).toEqual([]);
  process.kill(programBelow(ending.pid), 'SIGTERM');
  expect(await ending.ended).toMatchObject({ code: 0, signal: null });
  expect(ending.output).toContain('adminalert: PortSentry is shutting down');
}

/** The program below shells and makes. It is found by its executable because it changes its name. */
function programBelow(pid: number): number {
  if (readlinkSync(`/proc/${pid}/exe`) === realpathSync(process.execPath)) return pid;
  const [child] = childrenOf(pid);
  if (child === undefined) throw new Error('the program does not run');
  return programBelow(child);
}

/** A shell with the aliases of the page. */
function shell(command: string): string[] {
  return ['bash', '-c', ['shopt -s expand_aliases', ...ALIASES, command].join('\n')];
}

function options() {
  return { cwd: clone, env: { PATH: `${folder}/bin:${process.env.PATH}` }, timeout: 80_000 };
}
