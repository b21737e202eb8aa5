import { type Prefix, parsePrefix } from '../net/prefix.ts';
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
      return linesOf('block', await handlers.blocks());
    case 'scanners':
      return linesOf('scanner', await handlers.scanners(request.since));
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
    case 'lists':
      return [formatAnswer({ lists: await handlers.lists.infos() })];
    case 'list-part': {
      const prefixes = request.entries.map((text) => parsePrefix(text) as Prefix);
      const { upload, ...answer } = handlers.lists.part(request.upload, prefixes);
      return [orderLine(answer, { upload })];
    }
    case 'list-load': {
      const { refused, ...answer } = await handlers.lists.load(request.list, request.upload, request.note);
      return [orderLine(answer, { refused: refused ?? [] })];
    }
    case 'list-members': {
      const members = handlers.lists.members(request.list);
      if (members === null) return [formatError('absent', `there is no list ${request.list}`)];
      return linesOf('member', members);
    }
    case 'list-unload':
      return [orderLine(await handlers.lists.unload(request.list))];
    case 'notify-test': {
      const tests = await handlers.notifyTest();
      return [
        tests === null ? formatError('busy', 'a test is under way: try again') : formatAnswer({ tests }),
      ];
    }
    case 'addresses':
      return [formatAnswer({ addresses: await handlers.addresses(request.begin, request.known) })];
    case 'health':
      return [formatAnswer({ checks: await handlers.health() })];
    case 'metrics':
      return [formatAnswer({ metrics: await handlers.metrics() })];
  }
}

const TOO_MANY_WATCH = 'too many clients watch the sources: end another portsentry top';

/** A line for each item, then one that marks the end. */
function* linesOf(field: string, items: Iterable<unknown>): Generator<string> {
  let count = 0;
  for (const item of items) {
    yield formatAnswer({ [field]: item });
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
