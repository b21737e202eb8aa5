import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { Reason } from '../../src/decode/reason.ts';

/** Gives a packet reader frames, each in a view over exactly itself: reading one octet outside it throws. */
export class FragmentReader {
  readonly #reader: PacketReader;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(checkSums = true) {
    this.#reader = new PacketReader(checkSums, new Packet());
  }

  /** The last packet. Its time is the test's to set. */
  get packet() {
    return this.#reader.packet;
  }

  read(frame: Uint8Array, linkType: number, wireLength = frame.length): Reason {
    const exact = frame.slice();
    this.#view = new DataView(exact.buffer);
    const reason = this.#reader.read(this.#view, 0, exact.length, wireLength, linkType);
    return reason === Reason.fragment ? this.#reader.join(this.#view) : reason;
  }

  /** Whether the sums of the last packet are right; only after `Reason.none`. */
  verify(): Reason {
    return this.#reader.verify(this.#view);
  }
}
