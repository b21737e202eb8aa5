import { type Answer, Dialog } from '../../commands/dialog.ts';
import type { Failure } from '../../commands/failure.ts';
import { complaintOf, runTool } from '../../commands/tool.ts';
import { FULL, GONE, NFT, NFT_DIALOG } from '../../nft/words.ts';
import type { Change } from '../batch.ts';
import { parseTarget, type Target } from '../target.ts';
import { changesLine } from './changes.ts';
import type { Remembered } from './remembered.ts';
import { SET_SIZE } from './sets.ts';

/** nft reads its dialog octet by octet; more changes than this go faster through a process of their own. */
const MAX_LINE = 256;

/** No packet is from 0.0.0.0, so nobody ever blocks it. */
const NOBODY: readonly Change[] = ['0.0.0.0', '::'].map((address) => ({
  verb: 'release',
  target: parseTarget(address) as Target,
  until: null,
}));

/** The table is not there: nothing was done. */
export const LOST = 'nft: the table is gone';

/** Takes changes to the kernel. */
export class Carrier {
  readonly #dialog = new Dialog(NFT_DIALOG);
  readonly #remembered: Remembered;
  readonly #now: () => number;

  constructor(remembered: Remembered, now: () => number) {
    this.#remembered = remembered;
    this.#now = now;
  }

  /** The process that is kept open, while there is one. */
  get pid(): number | undefined {
    return this.#dialog.pid;
  }

  /** Starts nft before the first block, and takes back the block of nobody, which the kernel shows as no change. */
  async start(): Promise<Failure> {
    return failureOf(await this.#dialog.ask(this.#line(NOBODY)));
  }

  /** One transaction if possible; if not, each change has its own, and its own result. */
  async carry(changes: readonly Change[]): Promise<readonly Failure[]> {
    const together = changes.length > MAX_LINE ? await this.#inOne(changes) : await this.#ask(changes);
    const isOne = together === null || together === LOST || changes.length === 1;
    const results = isOne
      ? changes.map(() => together)
      : await Promise.all(changes.map((change) => this.#ask([change])));
    for (const [index, { verb, target }] of changes.entries()) {
      if (results[index] !== null) continue;
      if (verb === 'block') this.#remembered.add(target.text);
      else this.#remembered.delete(target.text);
    }
    return results;
  }

  close(): Promise<void> {
    return this.#dialog.close();
  }

  async #ask(changes: readonly Change[]): Promise<Failure> {
    return failureOf(await this.#dialog.ask(this.#line(changes)));
  }

  async #inOne(changes: readonly Change[]): Promise<Failure> {
    const { failure, stderr } = await runTool(NFT, ['-f', '-'], { input: `${this.#line(changes)}\n` });
    return failure === null ? null : (reasonIn(stderr) ?? failure);
  }

  #line(changes: readonly Change[]): string {
    return changesLine(changes, ({ text }) => this.#remembered.mayHold(text), this.#now());
  }
}

function failureOf(answer: Answer): Failure {
  if ('failure' in answer) return answer.failure;
  const complaint = complaintOf(answer.said);
  return complaint === '' ? null : (reasonIn(answer.said) ?? `nft: ${complaint}`);
}

function reasonIn(said: string): Failure {
  if (GONE.test(said)) return LOST;
  return FULL.test(said) ? `nft: the set is full: it holds ${SET_SIZE} elements` : null;
}
