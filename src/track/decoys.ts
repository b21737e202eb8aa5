import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { mix } from '../net/hash.ts';
import { DecoyGroup } from './decoy-group.ts';
import type { Source } from './source.ts';

/** Probes that belong together come within this time (ms) of one another; nmap sends its decoys in microseconds. */
const SPAN = 20;

/** New sources whose probes are alike that make a group; of those that sent the very same packet, two. */
const ALIKE = 3;
const SAME = 2;

/** Source ports this close together count as the same pattern: hping3 counts them up from packet to packet. */
const NEAR_PORTS = 64;

/**
 * Probes that a member may send alone, more than with others, before it is taken for what it is: forged packets of
 * others may be lost on the way, or come in another order.
 */
const ALONE = 3;

/**
 * Ports that are followed at a time, a table in which the newer one takes the place. Who probes more ports at once
 * than that, or mixes other packets in, is not recognized as a group: then each source is judged by itself.
 */
const PLACES = 256;

/**
 * Finds sources that probe the same port within milliseconds with near-identical headers: decoys (`nmap -D`), or a
 * scan that is forged or shared out. Only new sources found a group or join one, so that nobody who is known for
 * himself can hide in one later; and a member stays one only as long as the others go where it goes.
 */
export class Decoys {
  readonly #places: (Place | undefined)[] = new Array(PLACES);
  readonly #onEnd: (group: DecoyGroup, last: Source) => void;

  /** `onEnd` gets a group whose last active member has left it. */
  constructor(onEnd: (group: DecoyGroup, last: Source) => void) {
    this.#onEnd = onEnd;
  }

  /** Looks at a probe that was just counted to its source. Returns the group that it has made. */
  observe(probe: Probe, source: Source): DecoyGroup | null {
    const { marks } = source;
    if (marks.group !== null) {
      this.#follow(probe, source, marks.group);
      return null;
    }
    // A connection cannot be forged.
    if (source.probes > 1 || probe.kind === Kind.connect) return null;
    const place = this.#placeOf(probe);
    if (place.holds(probe)) return place.add(probe, source);
    place.begin(probe, source, null);
    return null;
  }

  #follow(probe: Probe, source: Source, group: DecoyGroup): void {
    if (probe.kind === Kind.connect) {
      this.#dismiss(source, group);
      return;
    }
    group.wake(source);
    const { marks } = source;
    const place = this.#placeOf(probe);
    if (place.group === group && place.first !== source && place.holds(probe)) {
      place.accompany(probe);
      marks.alone = Math.max(0, marks.alone - 1);
      return;
    }
    place.begin(probe, source, group);
    marks.alone++;
    if (marks.alone >= ALONE) this.#dismiss(source, group);
  }

  #dismiss(source: Source, group: DecoyGroup): void {
    if (group.leave(source)) this.#onEnd(group, source);
  }

  #placeOf(probe: Probe): Place {
    const at = mix((probe.protocol << 16) | probe.destinationPort) & (PLACES - 1);
    this.#places[at] ??= new Place();
    return this.#places[at];
  }
}

/** The last probes to one port that are alike. */
class Place {
  group: DecoyGroup | null = null;
  first: Source | null = null;
  /** Somebody came along with the first. */
  #isAccompanied = false;
  /** The first one's address, who else has come while there is no group, and theirs: a slot may change hands. */
  readonly #firstAddress = new Address();
  #others: Source[] = [];
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

  /** Whether the probe belongs to these. */
  holds(probe: Probe): boolean {
    return (
      probe.destinationPort === this.#port &&
      probe.protocol === this.#protocol &&
      probe.kind === this.#kind &&
      Math.abs(probe.time - this.#time) <= SPAN &&
      probe.window === this.#window &&
      probe.tcpHeaderLength === this.#headerLength &&
      probe.firstOption === this.#firstOption &&
      this.#hasPattern(probe)
    );
  }

  begin(probe: Probe, source: Source, group: DecoyGroup | null): void {
    this.group = group;
    this.first = source;
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

  /** A new source comes along. */
  add(probe: Probe, source: Source): DecoyGroup | null {
    if (this.group !== null) {
      this.group.join(source);
      this.accompany(probe);
      return null;
    }
    this.#isOneSender &&= this.#isSamePacket(probe);
    this.#goOn(probe);
    this.#others.push(source);
    this.#addresses.push(Address.from(probe.source));
    if (1 + this.#others.length < (this.#isOneSender ? SAME : ALIKE)) return null;
    return this.#found(this.first as Source);
  }

  /** A member comes along. */
  accompany(probe: Probe): void {
    if (!this.#isAccompanied && this.first?.marks.group === this.group) {
      // It was counted as alone when it came, and makes good for an earlier one besides.
      this.first.marks.alone = Math.max(0, this.first.marks.alone - 2);
    }
    this.#isAccompanied = true;
    this.#goOn(probe);
  }

  #found(first: Source): DecoyGroup | null {
    const addresses = [this.#firstAddress, ...this.#addresses];
    const members = [first, ...this.#others].filter((source, index) =>
      source.address.equals(addresses[index] as Address),
    );
    const group = new DecoyGroup(this.#isOneSender);
    for (const source of members) group.join(source);
    this.group = group;
    this.#isAccompanied = true;
    this.#forgetOthers();
    return group;
  }

  /** In a flood of forged sources there are none at nearly every probe. */
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

  /** Equal numbers that different senders would have drawn for themselves. */
  #hasPattern({ sourcePort, sequence, identification }: Probe): boolean {
    return (
      Math.abs(sourcePort - this.#sourcePort) <= NEAR_PORTS ||
      (sequence !== 0 && sequence === this.#sequence) ||
      (identification !== 0 && identification === this.#identification)
    );
  }

  /** Not by chance: the sequence number and the port have 48 bits. */
  #isSamePacket({ sourcePort, sequence }: Probe): boolean {
    return sequence !== 0 && sequence === this.#sequence && sourcePort === this.#sourcePort;
  }
}
