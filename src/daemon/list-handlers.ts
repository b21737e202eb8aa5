import type { Answer, ListHandlers } from '../control/handlers.ts';
import type { ListInfo, ListMatch } from '../control/lists.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Refused } from '../respond/lists/admission.ts';
import { ListUploads } from './list-uploads.ts';
import type { Lists } from './lists.ts';

/** Answers the requests of the control socket that concern named lists. */
export class LiveListHandlers implements ListHandlers {
  readonly #lists: Lists;
  readonly #uploads = new ListUploads();

  constructor(lists: Lists) {
    this.#lists = lists;
  }

  infos(): Promise<readonly ListInfo[]> {
    return this.#lists.infos();
  }

  part(upload: number | null, entries: readonly Prefix[]): Answer & { upload?: number } {
    const id = this.#uploads.add(upload, entries, performance.now());
    if (typeof id === 'string') return { outcome: 'later', message: id };
    return { outcome: 'done', message: `upload ${id} has its part`, upload: id };
  }

  async load(
    list: string,
    upload: number,
    note: string | null,
  ): Promise<Answer & { refused?: readonly Refused[] }> {
    const prefixes = this.#uploads.take(upload);
    if (typeof prefixes === 'string') return { outcome: 'later', message: prefixes };
    return this.#lists.load(list, prefixes, note);
  }

  unload(list: string): Promise<Answer> {
    return this.#lists.unload(list);
  }

  members(list: string): Iterable<ListMatch> | null {
    return this.#lists.members(list);
  }
}
