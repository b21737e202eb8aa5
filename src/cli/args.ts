import yargs, { type Argv } from 'yargs';
import { CommandError, Exit } from '../preflight/exit.ts';
import { addCheck } from './commands/check.ts';
import { addCompletion } from './commands/completion.ts';
import { addBlockCommands, addQueries } from './commands/control.ts';
import { addReplay, STANDARD_INPUT } from './commands/replay.ts';
import { addRun, RUN_OPTIONS } from './commands/run.ts';
import { ASK_FOR_COMPLETIONS, complete } from './completion.ts';
import type { Invocation } from './invocation.ts';
import { expandLegacySwitches } from './legacy-switches.ts';

/** Parses the command line, without the program's name. Throws a CommandError (64) when it is invalid. */
export async function parseArguments(argv: readonly string[], version: string): Promise<Invocation> {
  if (argv[0] === ASK_FOR_COMPLETIONS) return { command: 'print', text: await completions(argv, version) };
  let invocation: Invocation | null = null;
  const take = (taken: Invocation) => {
    invocation = taken;
  };
  const parser = addRun(makeParser(version, take), take);
  let printed = '';
  const words = expandLegacySwitches(argv).map((word) => (word === '-' ? STANDARD_INPUT : word));
  await parser.parseAsync(words, {}, (_error, _values, output) => {
    printed = output;
  });
  if (printed !== '') return { command: 'print', text: `${printed}\n` };
  if (invocation === null) throw usageError('no command');
  return invocation;
}

/** An invalid command line has no completions. */
async function completions(argv: readonly string[], version: string): Promise<string> {
  const options = Object.entries(RUN_OPTIONS).map(([name, option]) => [name, { ...option, global: false }]);
  try {
    return await complete(makeParser(version, () => {}).options(Object.fromEntries(options)), argv);
  } catch {
    return '';
  }
}

/** Knows every command except the default one. */
function makeParser(version: string, take: (invocation: Invocation) => void): Argv {
  const parser = yargs()
    .scriptName('portsentry')
    .usage('Usage: $0 [-tcp|-stcp|-atcp] [-udp|-sudp|-audp] [options]\n       $0 COMMAND [options]');
  for (const add of [addReplay, addCheck, addQueries, addBlockCommands, addCompletion]) add(parser, take);
  return parser
    .version(`Version: ${version}`)
    .alias('help', 'h')
    .alias('version', 'V')
    .strict()
    .wrap(110)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof CommandError ? error : usageError(message || error?.message);
    });
}

function usageError(message: string): CommandError {
  return new CommandError(Exit.usage, `${message.replace(/\s*\n\s*/g, ' ')}; see portsentry --help`);
}
