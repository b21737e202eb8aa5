import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';
import { completionScript } from '../../src/cli/completion-script.ts';
import type { Shell } from '../../src/cli/shells.ts';
import type { ControlHandlers } from '../../src/control/handlers.ts';
import { serve, testFolder } from '../control/given.ts';

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
    'report',
    'check',
    'status',
    'list',
    'lists',
    'share',
    'why',
    'metrics',
    'doctor',
    'notify',
    'logs',
    'scanners',
    'top',
    'block',
    'unblock',
    'setup',
    'completion',
  ];
  test.each<[line: string, words: string[]]>([
    ['portsentry ', COMMANDS],
    ['portsentry stat', COMMANDS],
    ['portsentry completion z', ['zsh']],
    ['portsentry list --j', ['--help', '--version', '--configfile', '--list', '--json']],
    [
      'portsentry unblock --',
      ['--help', '--version', '--configfile', '--all', '--list', '--forget', '--json'],
    ],
    ['portsentry scanners --sort ', ['last', 'first', 'probes', 'ports', 'source']],
    ['portsentry top --sort ', ['last', 'first', 'probes', 'ports']],
    ['portsentry scanners --since ', []],
    ['portsentry replay --format ', ['text', 'json', 'eve', 'none']],
    ['portsentry report --html ', []],
    ['portsentry report --since ', []],
    ['portsentry logs -n ', []],
    ['portsentry logs --from ', ['journal', 'syslog', 'events']],
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
    expect(await completionsOf('portsentry li')).toContain(
      'list:list the blocks, or the members of a named list',
    );
  });
});

test('the default script is for the login shell, else for bash', () => {
  expect(completionScript(undefined, '/usr/bin/zsh')).toBe(completionScript('zsh', undefined));
  expect(completionScript(undefined, '/usr/bin/fish')).toBe(completionScript('fish', undefined));
  expect(completionScript(undefined, '/bin/dash')).toBe(completionScript('bash', undefined));
  expect(completionScript(undefined, undefined)).toBe(completionScript('bash', '/bin/zsh'));
});

/**
 * A fake `portsentry` that offers the shell it answers for, the words that it was given, two commands and an IPv6 address. For
 * zsh it escapes colons, as the real one does.
 */
const ECHO = `#!/bin/sh
shift
echo "$SHELL"
for word; do echo "asked-$word"; done
[ "$SHELL" = zsh ] && escape='\\'
printf '%s\n' status stop "2001$escape:db8$escape:$escape:1"
`;

/** A folder for PATH that holds the fake program and the script. */
function programFolder(
  shell: Shell,
  name = 'script',
): { folder: string; script: string; env: NodeJS.ProcessEnv } {
  const folder = join(testFolder(), 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'portsentry'), ECHO);
  chmodSync(join(folder, 'portsentry'), 0o755);
  writeFileSync(join(folder, name), completionScript(shell, undefined));
  const env = { ...process.env, SHELL: '/bin/other', HOME: folder, PATH: `${folder}:${process.env.PATH}` };
  return { folder, script: join(folder, name), env };
}

test('bash completes with its script, an IPv6 address, too', () => {
  const { script, env } = programFolder('bash');
  const complete = (line: string, breaks = '$COMP_WORDBREAKS') => {
    const program = `source ${script}; COMP_WORDBREAKS="${breaks}"; COMP_LINE='${line}'; COMP_POINT=${line.length}
      _portsentry; printf '%s\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', program], { encoding: 'utf8', env }).trim().split('\n');
  };
  expect(complete('portsentry sta')).toEqual(['status']);
  expect(complete('portsentry list b')).toEqual(['bash']);
  expect(complete('portsentry list asked')).toEqual(['asked-portsentry', 'asked-list', 'asked-asked']);
  expect(complete('portsentry unblock ')).toContain('2001:db8::1');
  expect(complete('portsentry unblock 2001:db8', ' :=')).toEqual(['db8::1']);
  expect(complete('portsentry unblock 2001:db8', ' =')).toEqual(['2001:db8::1']);
});

test('zsh completes with its script', () => {
  const { script, env } = programFolder('zsh', '_portsentry');
  expect(spawnSync('zsh', ['-n', script]).status).toBe(0);
  // Stubs for the two functions of zsh that need a terminal.
  const program = `compdef() { true }; _describe() { print -rl -- "\${(@P)2}" }
    source ${script}; words=(portsentry list b); CURRENT=3; _portsentry`;
  const output = execFileSync('zsh', ['-f', '-c', program], { encoding: 'utf8', env });
  expect(output).toBe('zsh\nasked-portsentry\nasked-list\nasked-b\nstatus\nstop\n2001\\:db8\\:\\:1\n');
});

test('fish completes with its script', () => {
  const { script, env } = programFolder('fish');
  const complete = (line: string) =>
    execFileSync('fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`], {
      encoding: 'utf8',
      env,
    })
      .trim()
      .split('\n')
      .sort();
  expect(complete('portsentry list as')).toEqual(['asked-as', 'asked-list', 'asked-portsentry']);
  expect(complete('portsentry unblock 2001:d')).toEqual(['2001:db8::1']);
});

describe('addresses', () => {
  const HOSTILE = ['10.0.0.1', '2001:db8::/64', '$(reboot)', '10.0.0.1;reboot', 'a:b', '', '::1 x', 7, null];

  /** The completions of a line by a daemon with these handlers. */
  async function asked(line: string, more: Partial<ControlHandlers>): Promise<string[]> {
    const { path } = await serve(more);
    const file = join(testFolder(), 'portsentry.conf');
    writeFileSync(file, `CONTROL_SOCKET="${path}"\n`);
    return completionsOf(line.replace('CONF', file));
  }

  test('unblock offers what is blocked, why also what is known; only addresses get through', async () => {
    const questions: [string, boolean][] = [];
    const addresses = async (begin: string, known: boolean) => {
      questions.push([begin, known]);
      return HOSTILE as string[];
    };
    const offered = ['10.0.0.1', '2001:db8::/64'];
    expect(await asked('portsentry unblock -c CONF ', { addresses })).toEqual(offered);
    expect(await asked('portsentry why -c CONF 10.', { addresses })).toEqual(offered);
    vi.stubEnv('SHELL', 'zsh');
    expect(await asked('portsentry why -c CONF 2001:db8:', { addresses })).toEqual([
      '10.0.0.1',
      '2001\\:db8\\:\\:/64',
    ]);
    expect(questions).toEqual([
      ['', false],
      ['10.', true],
      ['2001:db8:', true],
    ]);
  });

  test('without an answer, an address or a right none is offered, and nothing is said', async () => {
    const addresses = () => new Promise<never>(() => {});
    expect(await asked('portsentry why -c CONF 1', { addresses })).toEqual([]);
    expect(await completionsOf('portsentry unblock -c /nonexistent ')).toEqual([]);
    expect(await asked('portsentry unblock -c CONF $(reboot)', {})).toEqual([]);
  });
});
