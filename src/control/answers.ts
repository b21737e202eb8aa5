import type { Answer, ControlHandlers } from './handlers.ts';
import { formatAnswer, formatError, type Request } from './protocol.ts';
import type { BlockInfo } from './status.ts';

/** The lines that answer a request; each line of a list is made when it is read. Throws what a handler throws. */
export async function answer(request: Request, handlers: ControlHandlers): Promise<Iterable<string>> {
  switch (request.command) {
    case 'status':
      return [formatAnswer({ status: await handlers.status() })];
    case 'list':
      return listLines(await handlers.blocks());
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
  }
}

/** A line for each block, then one that marks the end. */
function* listLines(blocks: Iterable<BlockInfo>): Generator<string> {
  let count = 0;
  for (const block of blocks) {
    yield formatAnswer({ block });
    count++;
  }
  yield formatAnswer({ end: true, count });
}

function orderLine({ outcome, message, block }: Answer, more: object = {}): string {
  if (outcome !== 'done') return formatError(outcome, message, more);
  return formatAnswer({ message, ...(block === undefined ? {} : { block }), ...more });
}
