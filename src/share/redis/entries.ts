import { MAX_MESSAGE_LENGTH, SIGNATURE_LENGTH } from './message.ts';
import type { Entry } from './requests.ts';

/** The fields of an entry that this program reads. */
export const TEXT_FIELD = 'm';
export const SIGNATURE_FIELD = 's';

/** The number of an id of the server: the time, and how many came in that millisecond before. Each has 64 bits. */
const ID = /^(\d{1,20})-(\d{1,20})$/;
const MAX_PART = 2n ** 64n - 1n;

/** Before every entry. */
export const BEGINNING = '0-0';

/** The id right before this one: a read behind it begins with this one while the stream has it. */
export function idBefore(id: string): string {
  const [time, count] = id.split('-').map(BigInt) as [bigint, bigint];
  if (count > 0n) return `${time}-${count - 1n}`;
  return time > 0n ? `${time - 1n}-${MAX_PART}` : BEGINNING;
}

/**
 * The entries of an answer to XREAD for one stream. `most` bounds their number. Throws an Error with one line when the
 * answer is not of that form.
 */
export function entriesOf(reply: unknown, most: number): Entry[] {
  if (reply === null) return [];
  const [stream] = asArray(reply);
  const [, entries] = asArray(stream);
  const list = asArray(entries);
  if (list.length > most) throw new Error(`its answer has ${list.length} entries, asked for ${most}`);
  return list.map(entryOf);
}

function entryOf(raw: unknown): Entry {
  const [id, fields] = asArray(raw);
  if (typeof id !== 'string' || !isId(id)) throw new Error(UNEXPECTED);
  const text = fieldOf(fields, TEXT_FIELD, MAX_MESSAGE_LENGTH);
  return { id, text, signature: fieldOf(fields, SIGNATURE_FIELD, SIGNATURE_LENGTH) };
}

function isId(id: string): boolean {
  const [, ...parts] = ID.exec(id) ?? [];
  return parts.length > 0 && parts.every((part) => BigInt(part) <= MAX_PART);
}

/** A deleted entry has null in place of its fields. */
function fieldOf(fields: unknown, name: string, longest: number): string | null {
  if (!Array.isArray(fields)) return null;
  const value: unknown = fields[fields.indexOf(name) + 1];
  return fields.includes(name) && typeof value === 'string' && value.length <= longest ? value : null;
}

const UNEXPECTED = 'its answer is no list of entries';

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(UNEXPECTED);
  return value;
}
