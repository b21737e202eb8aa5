/** The number of ports of a transport protocol. */
export const PORT_COUNT = 65536;

/** A run of ports, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A set of ports: one byte per port, so that the packet path needs a single read. */
export class PortSet {
  readonly #member = new Uint8Array(PORT_COUNT);

  static of(ranges: Iterable<PortRange>): PortSet {
    const set = new PortSet();
    for (const range of ranges) set.addRange(range);
    return set;
  }

  /** All ports below `limit`. */
  static below(limit: number): PortSet {
    return limit > 0 ? PortSet.of([{ first: 0, last: Math.min(limit, PORT_COUNT) - 1 }]) : new PortSet();
  }

  addRange({ first, last }: PortRange): void {
    this.#member.fill(1, first, last + 1);
  }

  has(port: number): boolean {
    return this.#member[port] === 1;
  }

  /** The ports of this set that the other set does not hold. */
  without(other: PortSet): PortSet {
    const result = new PortSet();
    result.#member.set(this.#member);
    for (const { first, last } of other.ranges()) result.#member.fill(0, first, last + 1);
    return result;
  }

  get isEmpty(): boolean {
    return !this.#member.includes(1);
  }

  get size(): number {
    return this.ranges().reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  /** The set as sorted ranges that neither overlap nor touch. */
  ranges(): PortRange[] {
    const ranges: PortRange[] = [];
    for (let first = this.#member.indexOf(1); first >= 0; ) {
      const next = this.#member.indexOf(0, first);
      const end = next < 0 ? PORT_COUNT : next;
      ranges.push({ first, last: end - 1 });
      first = this.#member.indexOf(1, end);
    }
    return ranges;
  }

  /** The set as a port list of the configuration: `1,7-9`. */
  toString(): string {
    return this.ranges()
      .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
      .join(',');
  }
}
