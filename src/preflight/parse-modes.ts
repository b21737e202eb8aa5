import { type Modes, modeList, modesOf } from '../config/modes.ts';
import { CommandError, Exit } from './exit.ts';

/** The modes that the words of --mode name, each a list; usage error 64 when they do not go together. */
export function parseModes(words: readonly string[]): Modes | null {
  if (words.length === 0) return null;
  const parsed = modeList.parse(words.join(','));
  if (!parsed.ok) {
    const said = words.join(',');
    throw new CommandError(Exit.usage, `--mode ${said}: expected ${parsed.expected}, found ${parsed.found}`);
  }
  if (parsed.value.length === 0) throw new CommandError(Exit.usage, '--mode: expected a mode, found nothing');
  return modesOf(parsed.value);
}
