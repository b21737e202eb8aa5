import type { Failure } from '../../commands/failure.ts';
import { firstError } from '../../commands/tool.ts';
import type { Change } from '../batch.ts';
import { familiesHere } from '../families.ts';
import { SetCarrier, setIsFull } from '../set-carrier.ts';
import { changeLines, GUARDED, guardLines, UNGUARDED } from './changes.ts';
import { FULL, GONE, IPSET_DIALOG } from './words.ts';

/** Sends changes through `ipset -`. */
export class IpsetCarrier extends SetCarrier {
  readonly lost = 'ipset: the set or its rule is gone';
  readonly #now: () => number;

  constructor(now: () => number) {
    super(IPSET_DIALOG);
    this.#now = now;
  }

  protected warmUp(): string {
    return '';
  }

  protected questionOf(changes: readonly Change[]): string {
    return [...changeLines(changes, this.#now()), ...guardLines(familiesHere())].join('\n');
  }

  protected errorIn(stderr: string): Failure {
    const rest = stderr.replace(GUARDED, '');
    if (GONE.test(rest) || UNGUARDED.test(rest)) return this.lost;
    if (FULL.test(rest)) return setIsFull('ipset');
    const message = firstError(rest);
    return message === '' ? null : `ipset: ${message}`;
  }
}
