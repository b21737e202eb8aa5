import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommandOutput } from '../../src/cli/output.ts';
import type { ControlHandlers } from '../../src/control/handlers.ts';
import { CommandError, type Exit } from '../../src/preflight/exit.ts';
import { serve, testFolder } from '../control/given.ts';

/** How a command ended, and what it wrote. */
export interface Told {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
  /** The message of the CommandError that it ended with. */
  readonly error: string | null;
  /** The length of each text that was written to stdout. */
  readonly writes: readonly number[];
}

type Command = (options: { configfile: string }, output: CommandOutput) => Promise<Exit>;

/** A configuration file of this test's own. */
export function configFile(...lines: string[]): string {
  const file = join(testFolder(), 'portsentry.conf');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

/** Runs a command with a configuration. */
export async function run(configfile: string, command: Command): Promise<Told> {
  let stdout = '';
  let stderr = '';
  const writes: number[] = [];
  const output = {
    stdout: async (text: string) => {
      writes.push(text.length);
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
  };
  try {
    const exit = await command({ configfile }, output);
    return { exit, stdout, stderr, error: null, writes };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { exit: error.exit, stdout, stderr, error: error.message, writes };
  }
}

/** Runs a command against a server that answers so, with a configuration that names its socket. */
export async function runWith(handlers: Partial<ControlHandlers>, command: Command): Promise<Told> {
  const { path } = await serve(handlers);
  return run(configFile(`CONTROL_SOCKET="${path}"`), command);
}
