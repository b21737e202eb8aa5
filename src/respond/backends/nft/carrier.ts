import type { Failure } from '../backend.ts';
import type { Change } from '../batch.ts';
import { type Answer, Dialog } from '../dialog.ts';
import { parseTarget, type Target } from '../target.ts';
import { complaintOf, runTool } from '../tool.ts';
import { changesLine, FORMS, type Form } from './changes.ts';
import type { Remembered } from './remembered.ts';
import { SET_SIZE } from './sets.ts';
import { FULL, GONE, NFT, NFT_DIALOG } from './words.ts';

/** nft reads its dialog octet by octet; more changes than this go faster through a process of their own. */
const MAX_LINE = 256;

/** How often a change is rehearsed in each form before the first that counts. */
const REHEARSALS = 8;
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
  #form: Form = 'declare';

  constructor(remembered: Remembered, now: () => number) {
    this.#remembered = remembered;
    this.#now = now;
  }

  /** The process that is kept open, while there is one. */
  get pid(): number | undefined {
    return this.#dialog.pid;
  }

  /**
   * Sees to it that the first block waits neither for the start of a process nor for what that does for the first time,
   * which takes it some ms: it takes back the block of nobody, which the kernel shows as no change. Goes on with the
   * form that is answered faster on this host.
   */
  async start(): Promise<Failure> {
    let fastest = Number.POSITIVE_INFINITY;
    for (const form of FORMS) {
      const times: number[] = [];
      for (let time = 0; time < REHEARSALS; time++) {
        const begun = performance.now();
        const failure = failureOf(await this.#dialog.ask(this.#line(NOBODY, form)));
        if (failure !== null) return failure;
        times.push(performance.now() - begun);
      }
      const time = Math.min(...times);
      if (time >= fastest) continue;
      fastest = time;
      this.#form = form;
    }
    return null;
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

  #line(changes: readonly Change[], form = this.#form): string {
    return changesLine(changes, ({ text }) => this.#remembered.mayHold(text), this.#now(), form);
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
