import { type Connector, type SimpleCommand, shellCommands } from './shell-words.ts';
import { inverseOf, type Part } from './undo-programs.ts';

/** The command that takes a blocking command back; or why none is known, as part of a sentence. */
export type Undo =
  | { readonly known: true; readonly command: string }
  | { readonly known: false; readonly why: string };

/**
 * Works out the undo of a KILL_ command: of each part that blocks. Parts joined by `&&` are undone in reverse order.
 * Those joined by `||` or `;` keep their order, because the part that fails in the command also fails in the undo.
 */
export function undoOf(command: string): Undo {
  const commands = shellCommands(command);
  if (commands === null) return unknown('it is more than a list of plain commands');
  const steps = stepsOf(commands);
  const stranger = steps.find(({ part }) => part.does === 'unknown');
  if (stranger !== undefined) return unknown(`it calls ${stranger.shown}`);
  const lists = splitAtSemicolons(steps).map(undoOfList);
  if (lists.includes(null)) return unknown('it joins blocking commands by both && and ||');
  const undone = lists.filter((list) => list !== '').join('; ');
  if (undone === '') return unknown('nothing in it is known to block');
  const settled = steps.flatMap(({ part, shown }) => (part.does === 'settles' ? [shown] : []));
  return { known: true, command: [undone, ...new Set(settled)].join(' && ') };
}

/** A simple command, or a pipeline as a whole. */
interface Step {
  readonly part: Part;
  readonly shown: string;
  readonly next: Connector;
}

/** What a pipe feeds is unknown, unless all of the pipeline only reports. */
function stepsOf(commands: readonly SimpleCommand[]): Step[] {
  const steps: Step[] = [];
  let pipeline: SimpleCommand[] = [];
  for (const command of commands) {
    pipeline.push(command);
    if (command.next === '|') continue;
    const parts = pipeline.map(inverseOf);
    const only = parts.length === 1 ? parts[0] : undefined;
    const reports = parts.every(({ does }) => does === 'nothing');
    const shown = pipeline.map(({ source }) => source).join(' | ');
    steps.push({ part: only ?? { does: reports ? 'nothing' : 'unknown' }, shown, next: command.next });
    pipeline = [];
  }
  return steps;
}

function splitAtSemicolons(steps: readonly Step[]): Step[][] {
  const lists: Step[][] = [[]];
  for (const step of steps) {
    lists.at(-1)?.push(step);
    if (step.next === ';') lists.push([]);
  }
  return lists;
}

/** The undo of commands that `&&` or `||` join; empty if none of them blocks, null if both join what blocks. */
function undoOfList(steps: readonly Step[]): string | null {
  const undos: string[] = [];
  const joins = new Set<Connector>();
  let since: Connector[] = [];
  for (const { part, next } of steps) {
    if (part.does === 'blocks') {
      if (undos.length > 0) for (const connector of since) joins.add(connector);
      since = [];
      undos.push(part.undo);
    }
    since.push(next);
  }
  if (joins.size > 1) return null;
  return joins.has('||') ? undos.join(' || ') : undos.reverse().join(' && ');
}

function unknown(why: string): Undo {
  return { known: false, why };
}
