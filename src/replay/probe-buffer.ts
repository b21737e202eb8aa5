import { Probe } from '../classify/probe.ts';
import type { Address } from '../net/address.ts';
import { free } from '../net/endpoint-set.ts';
import { RECORD_LENGTH, readProbe, writeProbe } from '../sensor/record-format.ts';

/** 5 MiB with the places. A capture with more probes is read a second time instead. */
export const MAX_PROBES = 65_536;
const FIRST_CAPACITY = 1_024;

/** Candidate probes of a first pass, kept until it is known which ports were in use. Bounded. */
export class ProbeBuffer {
  #view = new DataView(new ArrayBuffer(FIRST_CAPACITY * RECORD_LENGTH));
  /** For each record the file and the frame, as `Probe` has them. */
  #files = new Uint32Array(FIRST_CAPACITY);
  #frames = new Float64Array(FIRST_CAPACITY);
  #length = 0;
  #overflowed = false;

  /** True when more probes came than there is room for. The buffer is then empty. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  add(probe: Probe): void {
    if (this.#overflowed) return;
    if (this.#length === this.#view.byteLength && !this.#grow()) {
      this.overflow();
      return;
    }
    writeProbe(this.#view, this.#length, probe, 0);
    this.#files[this.size] = probe.file;
    this.#frames[this.size] = probe.frame;
    this.#length += RECORD_LENGTH;
  }

  /** Holds nothing from now on. */
  overflow(): void {
    this.#overflowed = true;
    free(this.#view, this.#files, this.#frames);
    this.#view = new DataView(new ArrayBuffer(0));
    this.#files = new Uint32Array(0);
    this.#frames = new Float64Array(0);
    this.#length = 0;
  }

  /** Whether it holds a probe of the source. */
  hasSource(source: Address): boolean {
    const probe = new Probe();
    for (let index = 0; index < this.size; index++) {
      this.read(index, probe);
      if (probe.source.equals(source)) return true;
    }
    return false;
  }

  get size(): number {
    return this.#length / RECORD_LENGTH;
  }

  /** Fills `probe` from record number `index`, counted from 0. */
  read(index: number, probe: Probe): void {
    readProbe(this.#view, index * RECORD_LENGTH, probe);
    probe.file = this.#files[index] as number;
    probe.frame = this.#frames[index] as number;
  }

  /** The memory of a buffer that is full, or was once. */
  get parts(): readonly Uint8Array[] {
    return [this.#view, this.#files, this.#frames].map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    );
  }

  /** Says how many probes the memory has, after it was changed. */
  resize(size: number): void {
    this.#length = size * RECORD_LENGTH;
  }

  /** Takes all the memory that it may ever take: what is not written to yet is not occupied, and nothing is copied again. */
  #grow(): boolean {
    if (this.#length >= MAX_PROBES * RECORD_LENGTH) return false;
    const larger = new Uint8Array(MAX_PROBES * RECORD_LENGTH);
    larger.set(new Uint8Array(this.#view.buffer));
    this.#view = new DataView(larger.buffer);
    const files = new Uint32Array(MAX_PROBES);
    files.set(this.#files);
    this.#files = files;
    const frames = new Float64Array(MAX_PROBES);
    frames.set(this.#frames);
    this.#frames = frames;
    return true;
  }
}
