import { ecsLine } from '../record/ecs.ts';
import { ECS, eventFields, timestamp } from '../record/ecs-fields.ts';
import { unblockLine, messageOf as withoutWord } from '../record/lines1.ts';
import { scanText } from '../record/scan-text.ts';
import { formatTime } from '../record/times.ts';
import type { BlockEvent, UnblockEvent } from '../respond/event.ts';
import type { ScanEvent } from '../track/event.ts';
import type { Notice, NoticeKind } from './notice.ts';

/** The notice of the end of a scan. Its times are of the wall clock, as those of all events here. */
export function scanNotice(event: ScanEvent): Notice {
  return {
    kind: 'scan',
    time: event.time,
    text: () => scanText(event, formatTime(event.first)),
    event: () => JSON.parse(ecsLine(event)) as object,
    weight: event.probes,
  };
}

/** The notice that a source could not be blocked. */
export function failedBlockNotice(event: BlockEvent): Notice {
  return {
    kind: 'block-failed',
    time: event.time,
    text: () => `${event.target} could not be blocked: ${event.reason}`,
    event: () => JSON.parse(ecsLine(event)) as object,
    weight: 1,
  };
}

/** The notice that a block was given up because it could not be put in force again. */
export function lostBlockNotice(event: UnblockEvent): Notice {
  return {
    kind: 'block-failed',
    time: event.time,
    text: () => withoutWord(unblockLine(event)),
    event: () => JSON.parse(ecsLine(event)) as object,
    weight: 1,
  };
}

/** A notice about the daemon itself. */
export function ownNotice(kind: NoticeKind, time: number, text: string): Notice {
  return {
    kind,
    time,
    text: () => text,
    event: () => ({
      '@timestamp': timestamp(time),
      message: text,
      ecs: ECS,
      event: eventFields('event', kind),
    }),
    weight: 0,
  };
}
