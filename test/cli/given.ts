import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommandOutput } from '../../src/cli/output.ts';
import type { ControlHandlers } from '../../src/control/handlers.ts';
import { CommandError, type Exit } from '../../src/preflight/exit.ts';
import { serve, testFolder } from '../control/given.ts';

/** The result of a command. */
export interface CommandResult {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
  /** The message of the CommandError, if one was thrown. */
  readonly error: string | null;
  /** The length of each write to stdout. */
  readonly writes: readonly number[];
}

type Command = (options: { configfile: string }, output: CommandOutput) => Promise<Exit>;

/** Writes a configuration file into a new temporary folder. */
export function configFile(...lines: string[]): string {
  const file = join(testFolder(), 'portsentry.conf');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

/** Runs a command with a configuration. */
export async function run(configfile: string, command: Command): Promise<CommandResult> {
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

/** Runs a command against a server with these handlers; the configuration names its socket. */
export async function runWith(handlers: Partial<ControlHandlers>, command: Command): Promise<CommandResult> {
  const { path } = await serve(handlers);
  return run(configFile(`CONTROL_SOCKET="${path}"`), command);
}
