import { LINKTYPE_ETHERNET, LINKTYPE_NFLOG } from '../capture/link-type.ts';
import type { FrameBatch } from '../capture/source.ts';
import { Reassembler } from './fragments/fragments.ts';
import { decodeFrame } from './frame.ts';
import type { Packet } from './packet.ts';
import { decodePlain } from './plain.ts';
import { readPlainProbe } from './plain-probe.ts';
import { Reason } from './reason.ts';
import { type ChecksumRule, verifyChecksums, verifyTransportChecksum } from './transport/checksum.ts';
import { readTcpOptions } from './transport/tcp-options.ts';

/** Reads frames into packets, one at a time: decodes them and reassembles small fragments. */
export class PacketReader<Read extends Packet = Packet> {
  /** The last packet read. The owner sets its time, and may keep it and put another in its place. */
  packet: Read;
  readonly #rule: ChecksumRule;
  readonly #fragments: Reassembler;
  /** Holds the octets of a fragmented packet: those of its frame, or those that were reassembled. */
  #fragmentView: DataView;
  /**
   * The kernel had accepted the IP header of the last packet when it logged it. It may have changed the header since, as it
   * does for the option Record Route, without a new checksum.
   */
  #isAccepted = false;

  /** `packet` is the first to be filled. `rule` says which checksums `verify` accepts. */
  constructor(rule: ChecksumRule, packet: Read) {
    this.packet = packet;
    this.#rule = rule;
    this.#fragments = new Reassembler(rule);
    this.#fragmentView = this.#fragments.view;
  }

  /** Reads the frame at `offset`, as `decodeFrame` does. After `Reason.fragment`, call `join`. */
  read(view: DataView, offset: number, capturedLength: number, wireLength: number, linkType: number): Reason {
    if (
      linkType === LINKTYPE_ETHERNET &&
      decodePlain(view, offset, capturedLength, wireLength, this.packet)
    ) {
      this.#isAccepted = false;
      return Reason.none;
    }
    return this.#readAny(view, offset, capturedLength, wireLength, linkType);
  }

  /** Reads frame number `index` of a batch. */
  readFrame({ view, offset, capturedLength, wireLength, linkType }: FrameBatch, index: number): Reason {
    return this.read(
      view,
      offset[index] as number,
      capturedLength[index] as number,
      wireLength[index] as number,
      linkType[index] as number,
    );
  }

  /** Adds the fragment just read to its datagram. The packet's time must be set, because fragments expire. */
  join(view: DataView): Reason {
    this.#fragmentView = this.#fragments.view;
    return this.#fragments.take(view, this.packet);
  }

  /**
   * Verifies the checksums of the last packet, whose octets are in `view`; call it only after `Reason.none`. Also
   * reads the fields that only a probe needs.
   */
  verify(view: DataView): Reason {
    if (this.#rule !== 'any' && readPlainProbe(view, this.packet)) return Reason.none;
    const octets = this.packet.fragmented ? this.#fragmentView : view;
    readTcpOptions(octets, this.packet);
    return this.#isAccepted
      ? verifyTransportChecksum(octets, this.packet, this.#rule)
      : verifyChecksums(octets, this.packet, this.#rule);
  }

  #readAny(
    view: DataView,
    offset: number,
    capturedLength: number,
    wireLength: number,
    linkType: number,
  ): Reason {
    const { packet } = this;
    this.#isAccepted = linkType === LINKTYPE_NFLOG;
    const reason = decodeFrame(view, offset, capturedLength, wireLength, linkType, packet);
    if (packet.fragmented) this.#fragmentView = view;
    return reason;
  }
}
