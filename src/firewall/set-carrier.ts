import { Dialog, type DialogProgram } from '../commands/dialog.ts';
import type { Failure } from '../commands/failure.ts';
import type { Change } from './batch.ts';

/**
 * Elements that one set holds: half as many again as blocks may stand, because the oldest block leaves only when the
 * newest is in force, and an ended one counts until the kernel sweeps it out. Forged sources beyond it take no more
 * of the kernel's memory.
 */
export const SET_SIZE = 196_608;

/** Sends changes of sets to the kernel, through a program that stays open. */
export abstract class SetCarrier {
  /** The result of a change that found the set or its rule gone, and must be sent again after a repair. */
  abstract readonly lost: string;
  readonly #dialog: Dialog;

  constructor(program: DialogProgram) {
    this.#dialog = new Dialog(program);
  }

  /** The program's process, while it runs. */
  get pid(): number | undefined {
    return this.#dialog.pid;
  }

  /** Starts the program, so that the first block need not wait for it. */
  start(): Promise<Failure> {
    return this.ask(this.warmUp());
  }

  /** All changes as one question. If that fails, each change is a question and has its own result. Never rejects. */
  async carry(changes: readonly Change[]): Promise<readonly Failure[]> {
    const failure = await this.send(changes);
    if (failure === null || failure === this.lost || changes.length === 1) return changes.map(() => failure);
    return Promise.all(changes.map((change) => this.send([change])));
  }

  close(): Promise<void> {
    return this.#dialog.close();
  }

  protected send(changes: readonly Change[]): Promise<Failure> {
    return this.ask(this.questionOf(changes));
  }

  protected async ask(text: string): Promise<Failure> {
    const answer = await this.#dialog.ask(text);
    return 'failure' in answer ? answer.failure : this.errorIn(answer.stderr);
  }

  /** A question that changes nothing. */
  protected abstract warmUp(): string;
  /** The changes as commands. They may be sent twice. */
  protected abstract questionOf(changes: readonly Change[]): string;
  /** The error that the program reported; null when it reported none. */
  protected abstract errorIn(stderr: string): Failure;
}

/** The result of a change that the set has no room for. */
export function setIsFull(command: string): string {
  return `${command}: the set is full: it holds ${SET_SIZE} elements`;
}
