import { type Modes, modeList, modesOf } from '../config/modes.ts';
import { CommandError, Exit } from './exit.ts';

/**
 * The modes that the words of --mode name, each word a list; null without words. Throws a CommandError (64) for an
 * unknown mode, and for modes that exclude each other.
 */
export function parseModes(words: readonly string[]): Modes | null {
  if (words.length === 0) return null;
  const parsed = modeList.parse(words.join(','));
  if (!parsed.ok) {
    const given = words.join(',');
    throw new CommandError(Exit.usage, `--mode ${given}: expected ${parsed.expected}, found ${parsed.found}`);
  }
  if (parsed.value.length === 0) throw new CommandError(Exit.usage, '--mode: expected a mode, found nothing');
  return modesOf(parsed.value);
}
