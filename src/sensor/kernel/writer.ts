import type { RuleName } from './rule.ts';

/** Octets of a reported packet: enough for the longest usual chain of IPv6 extension headers before the ports. */
const SNAP_LENGTH = 2_048;

/** Writes the statements that report packets. */
export class Writer {
  readonly #group: number | null;

  constructor(group: number | null) {
    this.#group = group;
  }

  /**
   * Reports up to `rate` packets a second; the kernel hands them over when `threshold` of them wait, or after 1 s.
   * Without a group it does nothing, as a rule of its own.
   */
  report(rule: RuleName, rate: number, threshold: number): string {
    if (this.#group === null) return 'continue';
    return `limit rate ${rate}/second burst ${rate} packets ${this.reportAll(rule, threshold)}`;
  }

  /** Reports every packet, whose rate the rules before have limited. */
  reportAll(rule: RuleName, threshold: number): string {
    const log = `log prefix "${rule}" group ${this.#group} snaplen ${SNAP_LENGTH} queue-threshold ${threshold}`;
    return `counter name reported ${log}`;
  }
}
