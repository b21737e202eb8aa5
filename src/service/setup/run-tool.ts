import { spawnSync } from 'node:child_process';
import { fullPath } from '../../commands/full-path.ts';

/** Longer than a start of the service may take. */
const TIMEOUT_MS = 90_000;

/** What a program printed, or in one line why it did not end with 0. */
export type ToolResult = { readonly stdout: string } | { readonly failure: string };

/** Runs a program to its end. */
export function runTool([command = '', ...args]: readonly string[]): ToolResult {
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    env: { ...process.env, PATH: fullPath(process.env.PATH) },
  });
  if (error !== undefined) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { failure: `${command}: ${isMissing ? 'not found' : error.message}` };
  }
  if (status === 0) return { stdout };
  const said = `${stdout}${stderr}`.trim().split('\n').at(-1) ?? '';
  return {
    failure: `${command}: ${said || (status === null ? `ended by ${signal}` : `exit code ${status}`)}`,
  };
}

/** The failure of a program; null if it ended with 0. */
export function failureOfTool(command: readonly string[]): string | null {
  const result = runTool(command);
  return 'failure' in result ? result.failure : null;
}
