import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';
import { RUN_OPTIONS } from '../../src/cli/commands/run.ts';
import { LEGACY_SWITCHES } from '../../src/cli/legacy-switches.ts';
import { DIRECTIVES } from '../../src/config/directives.ts';
import { TOKENS } from '../../src/config/tokens.ts';
import { Exit } from '../../src/preflight/exit.ts';

const COMMAND = 'packaging/man/portsentry.8';
const CONFIGURATION = 'packaging/man/portsentry.conf.5';

/** The page as a reader sees it, without line breaks inside paragraphs. */
function rendered(page: string): string {
  const env = { ...process.env, MANWIDTH: '1000', LC_ALL: 'C.UTF-8' };
  return execFileSync('man', ['--local-file', '--encoding=UTF-8', page], { encoding: 'utf8', env }).replace(
    /[\u2010\u2212]/g,
    '-',
  );
}

describe.each([COMMAND, CONFIGURATION])('%s', (page) => {
  test('gives no warning', () => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '80' };
    const { status, stderr } = spawnSync(
      'man',
      ['--warnings', '--encoding=UTF-8', '--ditroff', '--local-file', page],
      {
        encoding: 'utf8',
        env,
      },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

/** The names and aliases of the options in the help of a command. */
async function optionsInHelp(...command: string[]): Promise<string[]> {
  const invocation = await parseArguments([...command, '--help'], '0.0.0');
  const text = invocation.command === 'print' ? invocation.text : '';
  return [...text.matchAll(/^ +((?:-\w, +)?--[\w-]+)/gm)].flatMap((match) =>
    (match[1] as string).split(/, +/),
  );
}

const COMMANDS = [
  'check',
  'status',
  'list',
  'scanners',
  'top',
  'why',
  'metrics',
  'doctor',
  'notify',
  'logs',
  'block',
  'unblock',
  'replay',
  'report',
  'setup',
  'completion',
  'lists',
  'share',
];

describe('portsentry(8)', () => {
  const text = rendered(COMMAND);
  const words = new Set(text.match(/(?<![\w-])--?[A-Za-z][\w-]*/g));

  test('has every command of the help', async () => {
    const invocation = await parseArguments(['--help'], '0.0.0');
    const help = invocation.command === 'print' ? invocation.text : '';
    const commands = [...help.matchAll(/^ +portsentry (\w+)/gm)].map((match) => match[1] as string);
    expect(commands.sort()).toEqual([...COMMANDS].sort());
    for (const command of commands) expect(text).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
  });

  test('has every option of a run and every legacy switch', () => {
    for (const [name, option] of Object.entries(RUN_OPTIONS)) {
      expect(words).toContain(`--${name}`);
      if ('alias' in option) expect(words).toContain(`-${option.alias}`);
    }
    for (const name of LEGACY_SWITCHES) expect(words).toContain(name);
  });

  test.each(COMMANDS)('has every option of %s', async (command) => {
    const options = await optionsInHelp(command);
    expect(options).toContain('--help');
    for (const option of options) expect(words).toContain(option);
  });

  test('has every exit code', () => {
    const section = text.slice(text.indexOf('\nEXIT STATUS'), text.indexOf('\nEXAMPLES'));
    const codes = [...section.matchAll(/^ +(\d+) /gm)].map((match) => Number(match[1]));
    expect(codes).toEqual(Object.values(Exit));
  });
});

describe('portsentry.conf(5)', () => {
  const source = readFileSync(CONFIGURATION, 'utf8');
  const items = [...source.matchAll(/^\.It (Sy .*)$/gm)].flatMap((match) =>
    (match[1] as string).split(' ').filter((word) => /^[A-Z0-9_]+$/.test(word)),
  );

  test('has an item for every key, and for no unknown key', () => {
    expect(items.sort()).toEqual(
      Object.values(DIRECTIVES)
        .map(({ key }) => key)
        .sort(),
    );
  });

  test('has the short defaults', () => {
    const text = rendered(CONFIGURATION);
    for (const { key, default: value } of Object.values(DIRECTIVES)) {
      if (value === null || value === '' || value.length > 40) continue;
      const item = text.slice(text.search(new RegExp(`^ +.*\\b${key}\\b`, 'm')));
      expect(item.slice(0, 1500), key).toContain(`"${value}"`);
    }
  });

  test('has every token', () => {
    for (const token of TOKENS) expect(source).toContain(token);
  });
});
