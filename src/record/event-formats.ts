import { blockByHandLine, ecsLine } from './ecs.ts';
import { EveForm } from './eve.ts';
import type { EventForm } from './event-form.ts';

/** The Elastic Common Schema. */
export const ECS_FORM: EventForm = { line: ecsLine, blockByHandLine };

/** The format of EVENT_FORMAT. `host` is the name of this host, which EVE has in each event. */
export function eventFormOf(format: 'ecs' | 'eve', host: string): EventForm {
  return format === 'ecs' ? ECS_FORM : new EveForm(host);
}
