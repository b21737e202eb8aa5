import { verifyChecksums } from '../../src/decode/checksum.ts';
import { Reassembler } from '../../src/decode/fragments.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { Reason } from '../../src/decode/reason.ts';

/** Decodes frames one after the other, and puts fragments together, as the packet path does. */
export class FragmentReader {
  /** The last packet. Its time is the test's to set. */
  readonly packet = new Packet();
  readonly #fragments: Reassembler;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(checkSums = true) {
    this.#fragments = new Reassembler(checkSums);
  }

  /** The view is over exactly the frame: reading one octet outside it throws. */
  read(frame: Uint8Array, linkType: number, wireLength = frame.length): Reason {
    const exact = frame.slice();
    this.#view = new DataView(exact.buffer);
    const reason = decodeFrame(this.#view, 0, exact.length, wireLength, linkType, this.packet);
    if (reason !== Reason.fragment) return reason;
    const put = this.#fragments.take(this.#view, this.packet);
    if (put === Reason.none) this.#view = this.#fragments.view;
    return put;
  }

  /** Whether the sums of the last packet are right; only after `Reason.none`. */
  verify(): Reason {
    return verifyChecksums(this.#view, this.packet);
  }
}
