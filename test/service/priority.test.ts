import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const MODULE = pathToFileURL(resolve('dist/service/priority.js')).href;

/** Prints its priority, once more when it is prompt, and that of what it starts. */
const PROMPTLY = `
  import { execFileSync } from 'node:child_process';
  import { getPriority } from 'node:os';
  const { runPromptly } = await import(process.argv[1]);
  runPromptly();
  console.log(getPriority(), execFileSync('nice', { encoding: 'utf8' }).trim());
`;

async function prioritiesOf(command: readonly string[]): Promise<string> {
  const [program, ...args] = [
    ...command,
    process.execPath,
    '--input-type=module',
    '--eval',
    PROMPTLY,
    MODULE,
  ];
  const child = spawn(program as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child, 'close');
  return said.trim();
}

test.each<[what: string, command: readonly string[], priorities: string]>([
  ['of root', ['nice', '-n', String(-getPriority())], '-5 -5'],
  ['that was chosen', ['nice', '-n', '5'], '5 5'],
  ['without the right to another', ['setpriv', '--bounding-set=-sys_nice'], '0 0'],
])('the priority %s', async (_what, command, priorities) => {
  expect(await prioritiesOf(command)).toBe(priorities);
});
