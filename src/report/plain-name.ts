/** The longest name, in characters. */
const MAX_NAME_CHARS = 200;

/** Names that were made plain before: there are few, and they come again and again. */
const MAX_REMEMBERED = 1_024;

/**
 * What moves a cursor, ends a line, turns the direction of text or cannot be seen, and halves of characters. A name that
 * has one looks like another name, or breaks the table that it stands in.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g;

/** A text from a file that others may have written as a name that can be shown: without such characters, and short. */
export function plainName(name: string): string {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const cut = name.length <= MAX_NAME_CHARS ? name : `${name.slice(0, MAX_NAME_CHARS)}...`;
  const plain = cut.replace(UNSAFE, '?');
  if (remembered.size < MAX_REMEMBERED && name.length <= MAX_NAME_CHARS) remembered.set(name, plain);
  return plain;
}

const remembered = new Map<string, string>();
