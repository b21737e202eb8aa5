import { MAX_LIST_ENTRIES } from '../firewall/lists/names.ts';
import type { Prefix } from '../net/prefix.ts';

/** Lists that are sent at the same time. */
const MAX_UPLOADS = 2;

/** How long a list waits for its next part before it is forgotten. */
const PART_TIME_MS = 30_000;

interface Upload {
  readonly prefixes: Prefix[];
  /** Monotonic, ms. */
  lastPartAt: number;
}

/** The lists that clients send in parts, because a request of the control socket is short. Bounded in number, size and time. */
export class ListUploads {
  readonly #uploads = new Map<number, Upload>();
  #lastId = 0;

  /** Takes a part; `id` is null for the first one. Returns the upload's id, or why the part is refused, in one line. */
  add(id: number | null, part: readonly Prefix[], nowMs: number): number | string {
    for (const [each, { lastPartAt }] of this.#uploads)
      if (nowMs - lastPartAt > PART_TIME_MS) this.#uploads.delete(each);
    if (id === null) {
      if (this.#uploads.size >= MAX_UPLOADS) return `${MAX_UPLOADS} lists are being sent already: try again`;
      this.#uploads.set(++this.#lastId, { prefixes: [...part], lastPartAt: nowMs });
      return this.#lastId;
    }
    const upload = this.#uploads.get(id);
    if (upload === undefined) return GONE;
    if (upload.prefixes.length + part.length > MAX_LIST_ENTRIES) {
      this.#uploads.delete(id);
      return `a list has at most ${MAX_LIST_ENTRIES} entries`;
    }
    for (const prefix of part) upload.prefixes.push(prefix);
    upload.lastPartAt = nowMs;
    return id;
  }

  /** Takes out a whole list, or returns why there is none. */
  take(id: number): readonly Prefix[] | string {
    const upload = this.#uploads.get(id);
    this.#uploads.delete(id);
    return upload?.prefixes ?? GONE;
  }
}

const GONE = 'the list that was sent is gone: send it again';
