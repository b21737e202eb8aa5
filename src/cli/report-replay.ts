import { parseEventLine } from '../report/event-line.ts';
import type { EventsRead } from '../report/read-events.ts';
import type { EventSums } from '../report/sums.ts';
import type { LineOutput } from './replay-output.ts';

/** Takes the events of a replay as if they stood in an event file. */
export class EventLines implements LineOutput {
  readonly #take: EventSums['take'];
  readonly #read: EventsRead;

  constructor(take: EventSums['take'], read: EventsRead) {
    this.#take = take;
    this.#read = read;
  }

  line(text: string): void {
    const event = parseEventLine(text);
    if (event === null) throw new Error(`not an event: ${text}`);
    this.#read.events++;
    this.#take(event);
  }

  flush(): void {}
}
