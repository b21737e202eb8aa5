/** An object of nft's JSON, of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * The kind and the content of each object of an inet table, in a listing by `nft -j`; null for a text that is no listing.
 * `name` is that of the table.
 */
export function objectsOfTable(text: string, name: string): (readonly [kind: string, object: Json])[] | null {
  const objects = entriesOf(text);
  if (objects === null) return null;
  return objects
    .flatMap((entry) => (isJson(entry) ? Object.entries(entry) : []))
    .filter((entry): entry is [string, Json] => isJson(entry[1]))
    .filter(
      ([kind, object]) =>
        object.family === 'inet' && (kind === 'table' ? object.name : object.table) === name,
    );
}

/** Whether the value is an object and no list. */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All entries of a listing by `nft -j`; null for a text that is no listing. */
export function entriesOf(text: string): unknown[] | null {
  let listing: unknown;
  try {
    listing = JSON.parse(text);
  } catch {
    return null;
  }
  const objects = isJson(listing) ? listing.nftables : null;
  return Array.isArray(objects) ? objects : null;
}
