import type { Answer } from '../control/handlers.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';
import type { Lists } from './lists.ts';

/** What the answer needs of the lists. */
type KnownLists = Pick<Lists, 'get' | 'matches'>;

/**
 * The answer to an order that unblocks a target, with what still shuts the target out: an entry of a list that contains it.
 * An administrator types the address that the log names, and a list may have its network.
 */
export function withLists(target: string, answer: Answer, lists: KnownLists): Answer {
  if (answer.outcome !== 'done' && answer.outcome !== 'absent') return answer;
  const network = parsePrefix(target);
  if (network === null) return answer;
  const entries = lists
    .matches(network.address)
    .filter(({ target: entry }) => (parsePrefix(entry) as Prefix).length <= network.length)
    // The answer says so already of a target that others have put there.
    .filter(({ list, target: entry }) => entry !== target || !answer.message.includes(`in the list ${list}`));
  const [first] = entries;
  if (first === undefined) return answer;
  const { list, target: entry } = first;
  const isShared = lists.get(list)?.origin === 'shared';
  const what = entry === formatPrefix(network) ? 'it' : entry;
  const help = isShared ? `portsentry unblock ${entry}` : `portsentry unblock --list ${list}`;
  return {
    ...answer,
    message: `${answer.message}, but ${what} is in the list ${list}, which shuts it out: ${help}`,
  };
}
