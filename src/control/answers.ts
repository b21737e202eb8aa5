import type { Answer, ControlHandlers } from './handlers.ts';
import { formatAnswer, formatError, type Request } from './protocol.ts';
import type { WatchTick } from './scanners.ts';

/** The lines of an answer; those of a subscription come with time, until the client has gone. */
export type AnswerLines = Iterable<string> | AsyncIterable<string>;

/** The lines that answer a request; each line of a list is made when it is read. Throws what a handler throws. */
export async function answer(request: Request, handlers: ControlHandlers): Promise<AnswerLines> {
  switch (request.command) {
    case 'status':
      return [formatAnswer({ status: await handlers.status() })];
    case 'list':
      return listLines('block', await handlers.blocks());
    case 'scanners':
      return listLines('scanner', await handlers.scanners(request.since));
    case 'watch':
      return tickLines(handlers.watch(request.sort, request.limit));
    case 'block': {
      const { target, forMs, why, session } = request;
      return [orderLine(await handlers.block({ target, forMs, why, session: session ?? [] }))];
    }
    case 'unblock':
      return [orderLine(await handlers.unblock(request.target))];
    case 'forget':
      return [orderLine(await handlers.forget(request.target))];
    case 'unblock-all': {
      const ended = await handlers.unblockAll();
      return [orderLine(ended, { count: ended.count })];
    }
    case 'why':
      return [formatAnswer({ why: await handlers.why(request.address) })];
    case 'spare':
      return [orderLine(handlers.spare(request.address, request.ms))];
    case 'health':
      return [formatAnswer({ checks: await handlers.health() })];
  }
}

const TOO_MANY_WATCH = 'too many clients watch the sources: end another portsentry top';

/** A line for each item, then one that marks the end. */
function* listLines(name: string, items: Iterable<object>): Generator<string> {
  let count = 0;
  for (const item of items) {
    yield formatAnswer({ [name]: item });
    count++;
  }
  yield formatAnswer({ end: true, count });
}

async function* tickLines(ticks: AsyncIterable<WatchTick> | null): AsyncGenerator<string> {
  if (ticks === null) yield formatError('busy', TOO_MANY_WATCH);
  else for await (const tick of ticks) yield formatAnswer({ tick });
}

function orderLine({ outcome, message, block }: Answer, more: object = {}): string {
  if (outcome !== 'done') return formatError(outcome, message, more);
  return formatAnswer({ message, ...(block === undefined ? {} : { block }), ...more });
}
