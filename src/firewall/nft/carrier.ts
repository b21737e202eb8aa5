import type { Failure } from '../../commands/failure.ts';
import { firstError } from '../../commands/tool.ts';
import { runScript } from '../../nft/script.ts';
import { FULL, GONE, NFT_DIALOG } from '../../nft/words.ts';
import { applyTo, type Change, mergeResults } from '../batch.ts';
import { SetCarrier, setIsFull } from '../set-carrier.ts';
import { changesLine } from './changes.ts';
import type { Remembered } from './remembered.ts';
import type { Table } from './table.ts';

/** nft reads its dialog byte by byte; more changes than this go faster through a process of their own. */
const MAX_DIALOG_CHANGES = 256;

/** Sends changes through `nft -i`. One question is one transaction. */
export class NftCarrier extends SetCarrier {
  readonly lost = 'nft: the table is gone';
  readonly #table: Table;
  readonly #remembered: Remembered;
  readonly #now: () => number;

  constructor(table: Table, remembered: Remembered, now: () => number) {
    super(NFT_DIALOG);
    this.#table = table;
    this.#remembered = remembered;
    this.#now = now;
  }

  /** A release that has no set has no block: it needs no command. */
  override async carry(changes: readonly Change[]): Promise<readonly Failure[]> {
    const real = changes.filter(({ target }) => this.#table.has(target));
    if (real.length === 0) return changes.map(() => null);
    const results = await super.carry(real);
    applyTo(this.#remembered, real, results);
    return mergeResults(changes, real, results);
  }

  protected override async send(changes: readonly Change[]): Promise<Failure> {
    if (changes.length <= MAX_DIALOG_CHANGES) return super.send(changes);
    const { failure, stderr } = await runScript(`${this.questionOf(changes)}\n`);
    return failure === null ? null : (this.#reasonIn(stderr) ?? failure);
  }

  protected questionOf(changes: readonly Change[]): string {
    return changesLine(changes, ({ text }) => this.#remembered.mayHold(text), this.#now());
  }

  protected errorIn(stderr: string): Failure {
    const message = firstError(stderr);
    return message === '' ? null : (this.#reasonIn(stderr) ?? `nft: ${message}`);
  }

  #reasonIn(stderr: string): Failure {
    if (GONE.test(stderr)) return this.lost;
    return FULL.test(stderr) ? setIsFull('nft') : null;
  }
}
