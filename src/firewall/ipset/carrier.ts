import { type Answer, Dialog } from '../../commands/dialog.ts';
import type { Failure } from '../../commands/failure.ts';
import { complaintOf } from '../../commands/tool.ts';
import type { Change } from '../batch.ts';
import type { Family } from '../families.ts';
import { changeLines, GUARDED, guardLines, UNGUARDED } from './changes.ts';
import { SET_SIZE } from './sets.ts';
import { FULL, GONE, IPSET_DIALOG } from './words.ts';

/** A set or the rule that looks into it is not there. */
export const LOST = 'ipset: the set or its rule is gone';

/** Takes changes to the kernel. */
export class Carrier {
  readonly #dialog = new Dialog(IPSET_DIALOG);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The process that is kept open, while there is one. */
  get pid(): number | undefined {
    return this.#dialog.pid;
  }

  /** Sees to it that the first block need not wait for the start of a process. */
  async start(): Promise<Failure> {
    const answer = await this.#dialog.ask('');
    return 'failure' in answer ? answer.failure : faultIn(answer.said);
  }

  /** As one question; if there is a fault, each change is a question, and has its own result. */
  async carry(changes: readonly Change[], families: readonly Family[]): Promise<readonly Failure[]> {
    const together = await this.#ask(changes, families);
    const fault = 'failure' in together ? together.failure : faultIn(together.said);
    const isOne = 'failure' in together || fault === null || fault === LOST || changes.length === 1;
    if (isOne) return changes.map(() => fault);
    return Promise.all(
      changes.map(async (change) => {
        const answer = await this.#ask([change], families);
        return 'failure' in answer ? answer.failure : faultIn(answer.said);
      }),
    );
  }

  close(): Promise<void> {
    return this.#dialog.close();
  }

  #ask(changes: readonly Change[], families: readonly Family[]): Promise<Answer> {
    return this.#dialog.ask([...changeLines(changes, this.#now()), ...guardLines(families)].join('\n'));
  }
}

function faultIn(said: string): Failure {
  const rest = said.replace(GUARDED, '');
  if (GONE.test(rest) || UNGUARDED.test(rest)) return LOST;
  if (FULL.test(rest)) return `ipset: the set is full: it holds ${SET_SIZE} elements`;
  const complaint = complaintOf(rest);
  return complaint === '' ? null : `ipset: ${complaint}`;
}
