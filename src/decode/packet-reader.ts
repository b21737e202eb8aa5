import { LINKTYPE_ETHERNET } from '../capture/link-type.ts';
import { Reassembler } from './fragments/fragments.ts';
import { decodeFrame } from './frame.ts';
import type { Packet } from './packet.ts';
import { decodePlain } from './plain.ts';
import { readPlainProbe } from './plain-probe.ts';
import { Reason } from './reason.ts';
import { verifyChecksums } from './transport/checksum.ts';
import { readTcpOptions } from './transport/tcp-options.ts';

/** From frames to packets, one after the other: decodes, and puts small fragments together. */
export class PacketReader<Read extends Packet = Packet> {
  /** The last packet read. Its time is for the owner to set, who may keep it and put another one in its place. */
  packet: Read;
  readonly #checkSums: boolean;
  readonly #fragments: Reassembler;
  /** Where the octets of a packet in fragments are: in its frame, or in what was put together. */
  #fragmentView: DataView;

  /** `packet` is the first one to be filled. Without `checkSums`, `verify` finds every packet right. */
  constructor(checkSums: boolean, packet: Read) {
    this.packet = packet;
    this.#checkSums = checkSums;
    this.#fragments = new Reassembler(checkSums);
    this.#fragmentView = this.#fragments.view;
  }

  /** Reads the frame that begins at `offset`, as `decodeFrame` does; `join` is for what ends with `Reason.fragment`. */
  read(view: DataView, offset: number, capturedLength: number, wireLength: number, linkType: number): Reason {
    if (linkType === LINKTYPE_ETHERNET && decodePlain(view, offset, capturedLength, wireLength, this.packet))
      return Reason.none;
    return this.#readAny(view, offset, capturedLength, wireLength, linkType);
  }

  /** Puts the fragment just read to the others of its datagram. The packet's time must be set, for they expire. */
  join(view: DataView): Reason {
    this.#fragmentView = this.#fragments.view;
    return this.#fragments.take(view, this.packet);
  }

  /**
   * Whether the sums of the packet are right that was read last, from `view`; only after `Reason.none`. Reads also
   * what only a probe needs.
   */
  verify(view: DataView): Reason {
    if (this.#checkSums && readPlainProbe(view, this.packet)) return Reason.none;
    const octets = this.packet.fragmented ? this.#fragmentView : view;
    readTcpOptions(octets, this.packet);
    return this.#checkSums ? verifyChecksums(octets, this.packet) : Reason.none;
  }

  #readAny(
    view: DataView,
    offset: number,
    capturedLength: number,
    wireLength: number,
    linkType: number,
  ): Reason {
    const { packet } = this;
    const reason = decodeFrame(view, offset, capturedLength, wireLength, linkType, packet);
    if (packet.fragmented) this.#fragmentView = view;
    return reason;
  }
}
