import type { FrameBatch } from '../capture/source.ts';
import { Packet } from '../decode/packet.ts';
import { PacketReader } from '../decode/packet-reader.ts';
import { Reason } from '../decode/reason.ts';
import type { Narrow } from './narrow.ts';

/** Finds the packets of some sources, and the answers to them: all packets that these addresses send or get. */
export class Extract {
  frames = 0;
  readonly #reader = new PacketReader('any', new Packet());
  readonly #narrow: Narrow;
  readonly #write: (batch: FrameBatch, index: number) => void;

  /** `write` gets each frame that belongs to a source that `narrow` names, and lies in its time. */
  constructor(narrow: Narrow, write: (batch: FrameBatch, index: number) => void) {
    this.#narrow = narrow;
    this.#write = write;
  }

  /** Looks at the frames of a batch. */
  take(batch: FrameBatch): void {
    for (let index = 0; index < batch.count; index++) {
      if (!this.#narrow.spans(batch.time[index] as number) || !this.#belongs(batch, index)) continue;
      this.#write(batch, index);
      this.frames++;
    }
  }

  /** A fragment has its addresses, whether or not it has ports. */
  #belongs(batch: FrameBatch, index: number): boolean {
    const reason = this.#reader.readFrame(batch, index);
    if (reason !== Reason.none && reason !== Reason.fragment) return false;
    const { source, destination } = this.#reader.packet;
    return this.#narrow.names(source) || this.#narrow.names(destination);
  }
}
