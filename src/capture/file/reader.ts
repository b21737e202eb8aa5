import { type CaptureEnd, type CaptureSource, FrameBatch } from '../source.ts';
import { formatOf, MAGIC_BYTES } from './format.ts';
import type { ByteInput, InputFault } from './input.ts';
import { PcapParser } from './pcap.ts';
import { PcapngParser } from './pcapng.ts';
import type { RecordParser } from './record-parser.ts';
import { ByteWindow } from './window.ts';

/** Reads the frames of one capture from an input, which it owns and closes. */
export class CaptureReader implements CaptureSource {
  readonly name: string;
  end: CaptureEnd | null = null;
  readonly #input: ByteInput;
  readonly #window = new ByteWindow();
  readonly #batch = new FrameBatch();
  #parser: RecordParser | null = null;

  constructor(name: string, input: ByteInput) {
    this.name = name;
    this.#input = input;
  }

  get comment(): string | null {
    return this.#parser?.comment ?? null;
  }

  get position(): number {
    return this.#input.position ?? 0;
  }

  async next(): Promise<FrameBatch | null> {
    while (this.end === null) {
      if (this.#fillBatch()) return this.#batch;
      this.end = this.#parser?.fault ?? (await this.#readOn());
    }
    return null;
  }

  close(): void {
    this.#input.close();
  }

  #fillBatch(): boolean {
    const batch = this.#batch;
    batch.count = 0;
    batch.buffer = this.#window.buffer;
    batch.view = this.#window.view;
    this.#parser?.parse(this.#window, batch);
    return batch.count > 0;
  }

  /** Reads more octets. Resolves to the end of the capture, or to null when it goes on. */
  async #readOn(): Promise<CaptureEnd | null> {
    const window = this.#window;
    const length = await this.#input.read(window.makeRoom(this.#parser?.needed ?? MAGIC_BYTES));
    if (typeof length !== 'number') return this.#endByFault(length);
    if (length === 0) return this.#endOfInput();
    window.end += length;
    if (this.#parser !== null || window.length < MAGIC_BYTES) return null;
    this.#parser = parserFor(window.buffer.subarray(window.start, window.end));
    return this.#parser === null ? { status: 'no-capture', reason: 'neither pcap nor pcapng' } : null;
  }

  #endByFault({ status, reason }: InputFault): CaptureEnd {
    if (status === 'unreadable') return { status, reason };
    const { offset } = this.#window;
    return { status, offset, reason: `at byte ${offset}: ${reason}` };
  }

  #endOfInput(): CaptureEnd {
    const { length, offset } = this.#window;
    if (this.#parser === null) {
      return { status: 'no-capture', reason: `a file of ${length} bytes holds no capture` };
    }
    if (length === 0) return { status: 'complete' };
    const { part, needed } = this.#parser;
    return {
      status: 'broken',
      offset,
      reason: `at byte ${offset}: ${part} is cut off, ${length} of at least ${needed} bytes are there`,
    };
  }
}

function parserFor(head: Uint8Array): RecordParser | null {
  const format = formatOf(head);
  if (format === 'pcap') return new PcapParser();
  return format === 'pcapng' ? new PcapngParser() : null;
}
