import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';
import { completionScript } from '../../src/cli/completion-script.ts';
import { testFolder } from '../control/given.ts';

beforeEach(() => {
  vi.stubEnv('SHELL', '/bin/bash');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The completions of the last word of the line. */
async function completionsOf(line: string): Promise<string[]> {
  const invocation = await parseArguments(['--get-yargs-completions', ...line.split(' ')], '3.0.0');
  const text = invocation.command === 'print' ? invocation.text : '';
  return text.split('\n').filter((word) => word !== '');
}

describe('completions', () => {
  const COMMANDS = [
    'replay',
    'check',
    'status',
    'list',
    'why',
    'doctor',
    'block',
    'unblock',
    'setup',
    'completion',
  ];
  test.each<[line: string, words: string[]]>([
    ['portsentry ', COMMANDS],
    ['portsentry stat', COMMANDS],
    ['portsentry completion z', ['zsh']],
    ['portsentry list --j', ['--help', '--version', '--configfile', '--json']],
    ['portsentry unblock --', ['--help', '--version', '--configfile', '--all', '--forget', '--json']],
    ['portsentry replay --format ', ['text', 'json', 'none']],
    ['portsentry setup --init ', ['systemd', 'openrc', 'sysv', 'none']],
    ['portsentry setup --root ', []],
    ['portsentry -l ', ['stdout', 'syslog']],
    ['portsentry --mode ', ['tcp', 'stcp', 'atcp', 'udp', 'sudp', 'audp']],
    ['portsentry -c ', []],
    ['portsentry block 10.0.0.1 --for ', []],
    ['portsentry nosuch ', COMMANDS],
  ])('%s', async (line, words) => {
    expect(await completionsOf(line)).toEqual(words);
  });

  test('the old switches are offered wherever a mode is valid', async () => {
    expect(await completionsOf('portsentry -s')).toEqual(
      expect.arrayContaining(['-stcp', '-sudp', '-S', '--dry-run']),
    );
    expect(await completionsOf('portsentry -stcp -')).toContain('-audp');
    expect(await completionsOf('portsentry replay -at')).toContain('-atcp');
    expect(await completionsOf('portsentry --')).not.toContain('-atcp');
    expect(await completionsOf('portsentry list -')).not.toContain('-atcp');
  });

  test('the interfaces of this host are offered', async () => {
    expect(await completionsOf('portsentry -i ')).toEqual(expect.arrayContaining(['ALL', 'ALL_NLO', 'lo']));
  });

  test('zsh also gets descriptions', async () => {
    vi.stubEnv('SHELL', 'zsh');
    expect(await completionsOf('portsentry li')).toContain('list:list the blocks');
  });
});

test('the default script is for the login shell, else for bash', () => {
  const before = process.env.SHELL;
  expect(completionScript(undefined, '/usr/bin/zsh')).toBe(completionScript('zsh', undefined));
  expect(completionScript(undefined, '/bin/dash')).toBe(completionScript('bash', undefined));
  expect(completionScript(undefined, undefined)).toBe(completionScript('bash', '/bin/zsh'));
  expect(process.env.SHELL, 'unchanged').toBe(before);
});

/** A fake `portsentry` that offers its SHELL, the words it was given, and two commands. */
const ECHO =
  '#!/bin/sh\nshift\necho "$SHELL"\nfor word; do echo "asked-$word"; done\necho status\necho stop\n';

/** A folder for PATH that holds the fake program. */
function programFolder(): string {
  const folder = join(testFolder(), 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'portsentry'), ECHO);
  chmodSync(join(folder, 'portsentry'), 0o755);
  return folder;
}

test('bash completes with its script', () => {
  const folder = programFolder();
  writeFileSync(join(folder, 'script'), completionScript('bash', undefined));
  const complete = (...words: string[]) => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const program = `source ${folder}/script; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}
      $(complete -p portsentry | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, SHELL: '/bin/zsh', PATH: `${folder}:${process.env.PATH}` };
    return execFileSync('bash', ['-c', program], { encoding: 'utf8', env }).trim().split('\n');
  };
  expect(complete('portsentry', 'sta')).toEqual(['status']);
  expect(complete('portsentry', 'list', 'b')).toEqual(['bash']);
  expect(complete('portsentry', 'list', 'asked')).toEqual(['asked-portsentry', 'asked-list', 'asked-asked']);
});

test('zsh completes with its script', () => {
  const folder = programFolder();
  const script = join(folder, '_portsentry');
  writeFileSync(script, completionScript('zsh', undefined));
  expect(spawnSync('zsh', ['-n', script]).status).toBe(0);
  // Stubs for the two functions of zsh that need a terminal.
  const program = `compdef() { true }; _describe() { print -l -- "\${(@P)2}" }
    source ${script}; words=(portsentry list b); CURRENT=3; _portsentry_yargs_completions`;
  const env = { ...process.env, SHELL: '/bin/bash', PATH: `${folder}:${process.env.PATH}` };
  const output = execFileSync('zsh', ['-f', '-c', program], { encoding: 'utf8', env });
  expect(output).toBe('zsh\nasked-portsentry\nasked-list\nasked-b\nstatus\nstop\n');
});
