import { ecsEvent } from './ecs-event.ts';
import { eveEvent } from './eve-event.ts';
import type { FiledEvent } from './filed-event.ts';
import { isFields } from './line-fields.ts';

/**
 * The event of a line of an event file; null for a line that is none of ours. Each line tells its own format, because
 * EVENT_FORMAT may have been changed between two. Never throws.
 */
export function parseEventLine(line: string): FiledEvent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isFields(parsed)) return null;
  return '@timestamp' in parsed ? ecsEvent(parsed) : eveEvent(parsed);
}
