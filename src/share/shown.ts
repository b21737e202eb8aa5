import { cleanNote } from '../ledger/fields.ts';

/** Characters of a text of the engine that a message shows. */
const MAX_SHOWN = 60;

/** Text of the engine for a message: one line, short, without control characters; `?` for what is no text. */
export function shown(value: unknown, longest = MAX_SHOWN): string {
  if (typeof value !== 'string') return '?';
  return cleanNote(value)?.slice(0, longest) ?? '?';
}
