/** One command of a page, verbatim. */
export interface PageCommand {
  readonly command: string;
  /** `$`: an ordinary user, on the other host for a scanner; `#`: root; null: no prompt. */
  readonly prompt: '$' | '#' | null;
  /** The lines of output that the page shows; may be empty. */
  readonly shown: readonly string[];
}

/**
 * The commands of a Markdown page: each line of an `sh` block, and each line with a prompt in a `console` block. The
 * lines up to the next prompt are its output. Other blocks hold no commands.
 */
export function commandsOf(page: string): PageCommand[] {
  return [...page.matchAll(/^( *)```(sh|console)\n(.*?)^\1```$/gms)].flatMap(([, indent, kind, body]) => {
    const lines = (body as string).split('\n').map((line) => line.slice((indent as string).length));
    lines.pop();
    return kind === 'sh' ? lines.map((command) => ({ command, prompt: null, shown: [] })) : transcript(lines);
  });
}

function transcript(lines: readonly string[]): PageCommand[] {
  const commands: { command: string; prompt: '$' | '#'; shown: string[] }[] = [];
  for (const line of lines) {
    const [, prompt, command] = /^([$#]) (.*)$/.exec(line) ?? [];
    if (command !== undefined) commands.push({ command, prompt: prompt as '$' | '#', shown: [] });
    else if (commands.length === 0) throw new Error(`output before any command: ${line}`);
    else commands.at(-1)?.shown.push(line);
  }
  return commands;
}

/** The shown lines that match no line of the output. Numbers, blanks and names of ports may differ. */
export function missingFrom(output: string, shown: readonly string[]): string[] {
  const lines = output.split('\n');
  return shown.filter(
    (line) => !isLeftOut(line) && !lines.some((candidate) => likeness(line).test(candidate)),
  );
}

/** `[...]` and other text in brackets stands for lines that the page leaves out. */
function isLeftOut(line: string): boolean {
  return /^\[.*\]$/.test(line);
}

function likeness(line: string): RegExp {
  const pattern = line
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\d+/g, '\\d+')
    .replace(/\s+/g, '\\s+')
    .replace(/(\/tcp\\s\+\w+\\s\+)\S+$/, '$1\\S+');
  return new RegExp(`^\\s*${pattern}$`);
}
