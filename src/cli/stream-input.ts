import type { Readable } from 'node:stream';
import { type ByteInput, type InputFault, systemReason } from '../capture/file/input.ts';

/** The octets of a pipe. */
export class StreamInput implements ByteInput {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: Readable) {
    this.#chunks = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }

  /** The first octets, which `read` returns again; none at the end or after an error, which `read` reports. */
  async head(): Promise<Uint8Array> {
    if (this.#rest.length === 0) this.#rest = await this.#next().catch(() => new Uint8Array(0));
    return this.#rest;
  }

  async read(into: Uint8Array): Promise<number | InputFault> {
    try {
      if (this.#rest.length === 0) this.#rest = await this.#next();
    } catch (error) {
      return { status: 'unreadable', reason: systemReason(error) };
    }
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  close(): void {}

  async #next(): Promise<Uint8Array> {
    const { done, value } = await this.#chunks.next();
    return done === true ? new Uint8Array(0) : value;
  }
}
