import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { mix } from '../net/hash.ts';
import { DecoyGroup } from './decoy-group.ts';
import { isHandshake } from './evidence.ts';
import { ACTIVE, type Members } from './members.ts';
import type { Source } from './source.ts';
import type { SourceTable } from './source-table.ts';

/** Probes of a group come within this time of one another; nmap sends its decoys microseconds apart. */
const MAX_GAP_MS = 20;

/** The number of new sources that make a group: with probes that are alike, or with the very same packet. */
const MIN_ALIKE = 3;
const MIN_SAME = 2;

/** Source ports this close count as the same pattern: hping3 counts them up from packet to packet. */
const NEAR_PORTS = 64;

/**
 * A member that sends this many more probes alone than with others is dismissed. A few are tolerated, because forged
 * packets of others may be lost or reordered.
 */
const ALONE_LIMIT = 3;

/**
 * Ports followed at a time, in a table where the newer one replaces the older. A sender that probes more ports at
 * once, or mixes in other packets, is not recognized as a group; each source is then judged alone.
 */
const BATCHES = 256;

/**
 * Finds sources that probe the same port within milliseconds with near-identical headers: decoys (`nmap -D`), or a
 * forged or distributed scan. Only new sources found or join a group, so a source that is known by itself cannot hide
 * in one later. A member stays one only while the others probe the same ports.
 */
export class Decoys {
  readonly #batches: (Batch | undefined)[] = new Array(BATCHES);
  readonly #table: SourceTable;
  readonly #onEnd: (group: DecoyGroup, last: Source) => void;

  /** The table has the sources; `onEnd` gets a group whose last active member has left. */
  constructor(table: SourceTable, onEnd: (group: DecoyGroup, last: Source) => void) {
    this.#table = table;
    this.#onEnd = onEnd;
  }

  /** Takes a probe that was just counted for the source in a slot. Returns the group that it has made. */
  observe(probe: Probe, slot: number): DecoyGroup | null {
    const { groups, states } = this.#table.members;
    const group = groups[slot] as DecoyGroup | null;
    if (group !== null) {
      // The usual case in a flood, in few calls (bench/replay).
      const isUsual = states[slot] === ACTIVE && this.#batchOf(probe).goesOn(probe, slot, group);
      if (!isUsual) this.#follow(probe, slot, group);
      return null;
    }
    // A connection cannot be forged, and questions for addresses are all alike.
    if (this.#table.records.probes(slot) > 1 || isHandshake(probe)) return null;
    if (probe.kind === Kind.arp) return null;
    const batch = this.#batchOf(probe);
    if (batch.holds(probe)) return batch.add(probe, slot, this.#table);
    batch.begin(probe, slot, null);
    return null;
  }

  /** The source in this slot is genuine, so it leaves its group, if it is in one. */
  dismiss(slot: number): void {
    const group = this.#table.members.groups[slot];
    if (group != null) this.#dismiss(slot, group);
  }

  #follow(probe: Probe, slot: number, group: DecoyGroup): void {
    if (isHandshake(probe)) {
      this.#dismiss(slot, group);
      return;
    }
    const { members } = this.#table;
    let state = members.states[slot] as number;
    if ((state & ACTIVE) === 0) {
      state |= ACTIVE;
      members.states[slot] = state;
      group.activated();
    }
    const batch = this.#batchOf(probe);
    if (batch.group === group && batch.first !== slot && batch.holds(probe)) {
      batch.accompany(probe, members);
      if (state !== ACTIVE) members.forgive(slot, 1);
      return;
    }
    batch.begin(probe, slot, group);
    members.states[slot] = state + 1;
    if ((state & ~ACTIVE) + 1 >= ALONE_LIMIT) this.#dismiss(slot, group);
  }

  #dismiss(slot: number, group: DecoyGroup): void {
    const source = this.#table.source(slot);
    if (group.leave(source)) this.#onEnd(group, source);
  }

  #batchOf(probe: Probe): Batch {
    const at = mix((probe.protocol << 16) | probe.destinationPort) & (BATCHES - 1);
    this.#batches[at] ??= new Batch();
    return this.#batches[at];
  }
}

/** No slot. */
const NONE = -1;

/** The last probes to one port, all alike. */
class Batch {
  group: DecoyGroup | null = null;
  first = NONE;
  /** Another source sent the same probe as the first. */
  #isAccompanied = false;
  /** The first source's address, and the others with theirs while there is no group: a slot may change hands. */
  readonly #firstAddress = new Address();
  #others: number[] = [];
  #addresses: Address[] = [];
  #isOneSender = true;
  #time = 0;
  #protocol = 0;
  #port = 0;
  #kind: Kind = Kind.none;
  #window = 0;
  #headerLength = 0;
  #firstOption = 0;
  #sourcePort = 0;
  #sequence = 0;
  #identification = 0;

  /** Takes the probe of a member that sends along with others, if its source port goes on as well; else false. */
  goesOn(probe: Probe, slot: number, group: DecoyGroup): boolean {
    const { sourcePort } = probe;
    const isAlike =
      probe.destinationPort === this.#port &&
      group === this.group &&
      slot !== this.first &&
      this.#isAccompanied &&
      probe.protocol === this.#protocol &&
      probe.kind === this.#kind &&
      probe.window === this.#window &&
      probe.tcpHeaderLength === this.#headerLength &&
      probe.firstOption === this.#firstOption &&
      Math.abs(sourcePort - this.#sourcePort) <= NEAR_PORTS &&
      Math.abs(probe.time - this.#time) <= MAX_GAP_MS;
    if (isAlike) this.#goOn(probe);
    return isAlike;
  }

  /** Whether the probe belongs to the batch. */
  holds(probe: Probe): boolean {
    return (
      probe.destinationPort === this.#port &&
      probe.protocol === this.#protocol &&
      probe.kind === this.#kind &&
      Math.abs(probe.time - this.#time) <= MAX_GAP_MS &&
      probe.window === this.#window &&
      probe.tcpHeaderLength === this.#headerLength &&
      probe.firstOption === this.#firstOption &&
      this.#hasPattern(probe)
    );
  }

  begin(probe: Probe, slot: number, group: DecoyGroup | null): void {
    this.group = group;
    this.first = slot;
    this.#isAccompanied = false;
    this.#firstAddress.set(probe.source);
    this.#forgetOthers();
    this.#isOneSender = true;
    this.#protocol = probe.protocol;
    this.#port = probe.destinationPort;
    this.#kind = probe.kind;
    this.#window = probe.window;
    this.#headerLength = probe.tcpHeaderLength;
    this.#firstOption = probe.firstOption;
    this.#goOn(probe);
  }

  /** Adds the probe of a new source. Returns the group that it has made. */
  add(probe: Probe, slot: number, table: SourceTable): DecoyGroup | null {
    if (this.group !== null) {
      table.members.join(slot, this.group);
      this.group.join(probe.source);
      this.accompany(probe, table.members);
      return null;
    }
    this.#isOneSender &&= this.#isSamePacket(probe);
    this.#goOn(probe);
    this.#others.push(slot);
    this.#addresses.push(Address.from(probe.source));
    if (1 + this.#others.length < (this.#isOneSender ? MIN_SAME : MIN_ALIKE)) return null;
    return this.#found(table);
  }

  /** Adds the probe of a member. */
  accompany(probe: Probe, members: Members): void {
    // The first probe was counted as alone; this corrects that and forgives an earlier one.
    if (!this.#isAccompanied && members.groups[this.first] === this.group) members.forgive(this.first, 2);
    this.#isAccompanied = true;
    this.#goOn(probe);
  }

  #found(table: SourceTable): DecoyGroup {
    const addresses = [this.#firstAddress, ...this.#addresses];
    const group = new DecoyGroup(this.#isOneSender);
    for (const [index, slot] of [this.first, ...this.#others].entries()) {
      const address = addresses[index] as Address;
      if (!table.records.isAt(slot, address)) continue;
      table.members.join(slot, group);
      group.join(address);
    }
    this.group = group;
    this.#isAccompanied = true;
    this.#forgetOthers();
    return group;
  }

  /** In a flood of forged sources there are usually none. */
  #forgetOthers(): void {
    if (this.#others.length === 0) return;
    this.#others = [];
    this.#addresses = [];
  }

  #goOn(probe: Probe): void {
    this.#time = probe.time;
    this.#sourcePort = probe.sourcePort;
    this.#sequence = probe.sequence;
    this.#identification = probe.identification;
  }

  /** Whether numbers agree that different senders would have drawn independently. */
  #hasPattern({ sourcePort, sequence, identification }: Probe): boolean {
    return (
      Math.abs(sourcePort - this.#sourcePort) <= NEAR_PORTS ||
      (sequence !== 0 && sequence === this.#sequence) ||
      (identification !== 0 && identification === this.#identification)
    );
  }

  /** Not by chance: sequence number and port have 48 bits. */
  #isSamePacket({ sourcePort, sequence }: Probe): boolean {
    return sequence !== 0 && sequence === this.#sequence && sourcePort === this.#sourcePort;
  }
}
