import yargs, { type Argv } from 'yargs';
import { CommandError, Exit } from '../preflight/exit.ts';
import { addCheck } from './commands/check.ts';
import { addCompletion } from './commands/completion.ts';
import { addBlockCommands, addQueries } from './commands/control.ts';
import { STANDARD_INPUT } from './commands/options.ts';
import { addReplay, expandSummary } from './commands/replay.ts';
import { addReport } from './commands/report.ts';
import { addRun, RUN_OPTIONS } from './commands/run.ts';
import { addScanners } from './commands/scanners.ts';
import { addSetup } from './commands/setup.ts';
import type { Invocation } from './invocation.ts';
import { expandLegacySwitches } from './legacy-switches.ts';
import { ASK_FOR_COMPLETIONS } from './shells.ts';
import { explainUsage } from './usage-errors.ts';

/** Parses the command line, without the program's name. Throws a CommandError (64) when it is invalid. */
export async function parseArguments(argv: readonly string[], version: string): Promise<Invocation> {
  if (argv[0] === ASK_FOR_COMPLETIONS) return { command: 'print', text: await completions(argv, version) };
  let invocation: Invocation | null = null;
  const take = (taken: Invocation) => {
    invocation = taken;
  };
  const parser = addRun(makeParser(version, take, argv), take);
  let printed = '';
  const words = expandLegacySwitches(argv).map((word) =>
    word === '-' ? STANDARD_INPUT : expandSummary(word),
  );
  await parser.parseAsync(words, {}, (_error, _values, output) => {
    printed = output;
  });
  if (printed !== '') return { command: 'print', text: `${printed}\n` };
  if (invocation === null) throw usageError('no command');
  return invocation;
}

/** An invalid command line has no completions. */
async function completions(argv: readonly string[], version: string): Promise<string> {
  const { complete } = await import('./completion.ts');
  const options = Object.entries(RUN_OPTIONS).map(([name, option]) => [name, { ...option, global: false }]);
  try {
    return await complete(makeParser(version, () => {}, argv).options(Object.fromEntries(options)), argv);
  } catch {
    return '';
  }
}

/** Knows every command except the default one. `argv` is what its error messages quote. */
function makeParser(version: string, take: (invocation: Invocation) => void, argv: readonly string[]): Argv {
  const parser = yargs()
    // Its own messages would otherwise be in the language of LANG, and ours are not.
    .locale('en')
    .scriptName('portsentry')
    .usage('Usage: $0 [-tcp|-stcp|-atcp] [-udp|-sudp|-audp] [options]\n       $0 COMMAND [options]');
  for (const add of [
    addReplay,
    addReport,
    addCheck,
    addQueries,
    addScanners,
    addBlockCommands,
    addSetup,
    addCompletion,
  ])
    add(parser, take);
  const commands = commandsOf(parser);
  keepNoHelp(parser);
  return parser
    .version(`Version: ${version}`)
    .alias('help', 'h')
    .alias('version', 'V')
    .strict()
    .wrap(110)
    .exitProcess(false)
    .fail((message, error) => {
      if (error instanceof CommandError) throw error;
      const known = { commands, options: optionsOf(parser), positionals: positionalsOf(parser) };
      throw usageError(explainUsage(message || error?.message, argv, known));
    });
}

/** What yargs has, but not its types. */
interface Untyped {
  getOptions(): { readonly key: object; readonly alias: Readonly<Record<string, readonly string[]>> };
  getGroups(): Readonly<Record<string, readonly string[]>>;
  getInternalMethods(): {
    getCommandInstance(): { getCommands(): string[] };
    getUsageInstance(): { cacheHelpMessage(): void };
  };
}

/** yargs lays out the help after each command, in case somebody shows it later. Nobody does, and it takes 20 ms. */
function keepNoHelp(parser: Argv): void {
  (parser as unknown as Untyped).getInternalMethods().getUsageInstance().cacheHelpMessage = () => {};
}

function commandsOf(parser: Argv): readonly string[] {
  return (parser as unknown as Untyped).getInternalMethods().getCommandInstance().getCommands();
}

function positionalsOf(parser: Argv): readonly string[] {
  return (parser as unknown as Untyped).getGroups()['Positionals:'] ?? [];
}

/** The names of the options of the command that is being parsed, the short ones too. */
function optionsOf(parser: Argv): readonly string[] {
  const { key, alias } = (parser as unknown as Untyped).getOptions();
  return [...Object.keys(key), ...Object.values(alias).flat()];
}

function usageError(message: string): CommandError {
  return new CommandError(Exit.usage, `${message.replace(/\s*\n\s*/g, ' ')}; see portsentry --help`);
}
