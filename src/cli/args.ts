import yargs, { type Argv } from 'yargs';
import { addCheck } from './commands/check.ts';
import { addCompletion } from './commands/completion.ts';
import { addOrders, addQuestions } from './commands/control.ts';
import { addReplay, STANDARD_INPUT } from './commands/replay.ts';
import { addRun, RUN_OPTIONS } from './commands/run.ts';
import { ASK_FOR_COMPLETIONS, complete, type Shell } from './completion.ts';
import { CommandError, Exit } from './exit.ts';
import { expandLegacySwitches } from './modes.ts';

/** What the command line asks for. */
export type Invocation =
  | ({ readonly command: 'run' } & RunOptions)
  | ({ readonly command: 'replay' } & ReplayOptions)
  | { readonly command: 'check'; readonly configfile: string | undefined }
  | ({ readonly command: 'status' | 'list' | 'doctor' } & QuestionOptions)
  | ({ readonly command: 'why' } & WhyOptions)
  | ({ readonly command: 'block' } & BlockOptions)
  | ({ readonly command: 'unblock' } & UnblockOptions)
  | { readonly command: 'completion'; readonly shell: Shell | undefined }
  /** Help or version: the text is all there is to do. */
  | { readonly command: 'print'; readonly text: string };

export interface RunOptions {
  readonly configfile: string | undefined;
  /** Words of --mode and of the old switches. */
  readonly mode: readonly string[];
  readonly interface: readonly string[];
  readonly logoutput: readonly LogOutput[];
  readonly daemon: boolean;
  readonly pidfile: string | undefined;
  readonly verbose: boolean;
  readonly localCheck: boolean;
  readonly serviceCheck: boolean;
  readonly dryRun: boolean;
}

export type LogOutput = 'stdout' | 'syslog';

export interface ReplayOptions {
  readonly files: readonly string[];
  readonly configfile: string | undefined;
  readonly mode: readonly string[];
  readonly home: string | undefined;
  readonly open: string | undefined;
  readonly inferOpen: boolean;
  readonly checksum: boolean;
  readonly format: 'text' | 'json' | 'none';
  readonly summary: boolean;
  readonly act: boolean;
}

/** What the commands take that ask the running daemon. */
export interface QuestionOptions {
  readonly configfile: string | undefined;
  readonly json: boolean;
}

export interface WhyOptions extends QuestionOptions {
  readonly address: string;
}

export interface BlockOptions {
  readonly configfile: string | undefined;
  readonly target: string;
  /** As said by --for. */
  readonly time: string | undefined;
  readonly why: string | undefined;
}

export interface UnblockOptions {
  readonly configfile: string | undefined;
  /** Exactly one of `target` and `all`. */
  readonly target: string | undefined;
  readonly all: boolean;
}

/** Reads the command line (without the program's own name). Throws a CommandError, 64, for one that makes no sense. */
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

/** Of a line that makes no sense there are none. */
async function completions(argv: readonly string[], version: string): Promise<string> {
  const options = Object.entries(RUN_OPTIONS).map(([name, option]) => [name, { ...option, global: false }]);
  try {
    return await complete(makeParser(version, () => {}).options(Object.fromEntries(options)), argv);
  } catch {
    return '';
  }
}

/** All commands that have a name. */
function makeParser(version: string, take: (invocation: Invocation) => void): Argv {
  const parser = yargs()
    .scriptName('portsentry')
    .usage('Usage: $0 [-tcp|-stcp|-atcp] [-udp|-sudp|-audp] [options]\n       $0 COMMAND [options]');
  for (const add of [addReplay, addCheck, addQuestions, addOrders, addCompletion]) add(parser, take);
  return parser
    .version(version)
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
