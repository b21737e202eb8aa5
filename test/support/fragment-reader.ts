import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { Reason } from '../../src/decode/reason.ts';

/** Gives frames to a packet reader. The view covers exactly the frame, so that a read of one octet outside it throws. */
export class FragmentReader {
  readonly #reader: PacketReader;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(checkSums = true) {
    this.#reader = new PacketReader(checkSums ? 'received' : 'any', new Packet());
  }

  /** The last packet. The test sets its time. */
  get packet() {
    return this.#reader.packet;
  }

  read(frame: Uint8Array, linkType: number, wireLength = frame.length): Reason {
    const exact = frame.slice();
    this.#view = new DataView(exact.buffer);
    const reason = this.#reader.read(this.#view, 0, exact.length, wireLength, linkType);
    return reason === Reason.fragment ? this.#reader.join(this.#view) : reason;
  }

  /** Verifies the checksums of the last packet. Call it only after `Reason.none`. */
  verify(): Reason {
    return this.#reader.verify(this.#view);
  }
}
