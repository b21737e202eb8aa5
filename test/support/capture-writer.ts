/** Writes capture files octet by octet. It shares no code with the reader, so that the reader can be tested against it. */

/** One frame of a capture file to be written. */
export interface WrittenFrame {
  readonly data: Uint8Array;
  /** Time stamp in whole seconds and a fraction in the file's unit. */
  readonly seconds?: number;
  readonly fraction?: number;
  /** Octets on the wire. By default the length of `data`. */
  readonly wireLength?: number;
}

/** The byte order of a capture file. */
export type ByteOrder = 'little' | 'big';

/** The frames of a classic capture file, and the fields of its header. */
export interface PcapOptions {
  readonly magic?: 'microseconds' | 'nanoseconds' | 'modified';
  readonly order?: ByteOrder;
  /** The whole 32-bit field, flags included. */
  readonly linkType?: number;
  readonly snapLength?: number;
  readonly version?: readonly [major: number, minor: number];
  readonly frames: readonly WrittenFrame[];
}

const PCAP_MAGIC = { microseconds: 0xa1b2c3d4, nanoseconds: 0xa1b23c4d, modified: 0xa1b2cd34 };

/** A classic capture file. */
export function writePcap(options: PcapOptions): Uint8Array {
  const { magic = 'microseconds', order = 'little', linkType = 1, snapLength = 262_144 } = options;
  const [major, minor] = options.version ?? [2, 4];
  const { u16, u32 } = numbers(order);
  const header = join(u32(PCAP_MAGIC[magic]), u16(major), u16(minor), u32(0), u32(0), u32(snapLength));
  const records = options.frames.map((frame) => {
    const { data, seconds = 0, fraction = 0, wireLength = data.length } = frame;
    const recordHeader = join(u32(seconds), u32(fraction), u32(data.length), u32(wireLength));
    return join(recordHeader, magic === 'modified' ? new Uint8Array(8) : new Uint8Array(0), data);
  });
  return join(header, u32(linkType), ...records);
}

/** One block of a pcapng file. `raw` is a block of any type and content. */
export type PcapngBlock =
  | { readonly block: 'section'; readonly order?: ByteOrder; readonly version?: readonly [number, number] }
  | {
      readonly block: 'interface';
      readonly linkType?: number;
      readonly snapLength?: number;
      /** The octet of if_tsresol. */
      readonly resolution?: number;
      /** if_tsoffset, in seconds. */
      readonly timeOffset?: bigint;
      /** More options, as octets of the file. */
      readonly options?: Uint8Array;
    }
  | {
      readonly block: 'enhanced' | 'obsolete';
      readonly interface?: number;
      readonly data: Uint8Array;
      /** In units of the interface's resolution. */
      readonly timestamp?: bigint;
      readonly capturedLength?: number;
      readonly wireLength?: number;
      readonly options?: Uint8Array;
    }
  | { readonly block: 'simple'; readonly data: Uint8Array; readonly wireLength?: number }
  | { readonly block: 'raw'; readonly type: number; readonly body: Uint8Array; readonly length?: number };

/** A pcapng file made of these blocks. A section sets the byte order of what follows it. */
export function writePcapng(blocks: readonly PcapngBlock[]): Uint8Array {
  let order: ByteOrder = 'little';
  return join(
    ...blocks.map((block) => {
      if (block.block === 'section') order = block.order ?? 'little';
      return writeBlock(block, order);
    }),
  );
}

function writeBlock(block: PcapngBlock, order: ByteOrder): Uint8Array {
  const { u16, u32, u64, envelope } = numbers(order);
  switch (block.block) {
    case 'section': {
      const [major, minor] = block.version ?? [1, 0];
      return envelope(0x0a0d0d0a, join(u32(0x1a2b3c4d), u16(major), u16(minor), u64(-1n)));
    }
    case 'interface': {
      const { linkType = 1, snapLength = 0, resolution, timeOffset, options = new Uint8Array(0) } = block;
      const tsresol = resolution === undefined ? [] : [u16(9), u16(1), Uint8Array.of(resolution, 0, 0, 0)];
      const tsoffset = timeOffset === undefined ? [] : [u16(14), u16(8), u64(timeOffset)];
      return envelope(1, join(u16(linkType), u16(0), u32(snapLength), ...tsresol, ...tsoffset, options));
    }
    case 'enhanced':
    case 'obsolete': {
      const { data, timestamp = 0n, options = new Uint8Array(0), interface: id = 0 } = block;
      const { capturedLength = data.length, wireLength = data.length } = block;
      const enhanced = block.block === 'enhanced';
      return envelope(
        enhanced ? 6 : 2,
        join(
          enhanced ? u32(id) : join(u16(id), u16(0)),
          u32(Number(timestamp >> 32n)),
          u32(Number(timestamp & 0xffff_ffffn)),
          u32(capturedLength),
          u32(wireLength),
          padded(data),
          options,
        ),
      );
    }
    case 'simple':
      return envelope(3, join(u32(block.wireLength ?? block.data.length), padded(block.data)));
    case 'raw':
      return envelope(block.type, block.body, block.length);
  }
}

function numbers(order: ByteOrder) {
  const little = order === 'little';
  const make = (length: number, set: (view: DataView) => void): Uint8Array => {
    const bytes = new Uint8Array(length);
    set(new DataView(bytes.buffer));
    return bytes;
  };
  const u16 = (value: number) => make(2, (view) => view.setUint16(0, value, little));
  const u32 = (value: number) => make(4, (view) => view.setUint32(0, value, little));
  const u64 = (value: bigint) => make(8, (view) => view.setBigInt64(0, value, little));
  const envelope = (type: number, body: Uint8Array, length = body.length + 12) =>
    join(u32(type), u32(length), body, u32(length));
  return { u16, u32, u64, envelope };
}

function padded(data: Uint8Array): Uint8Array {
  return join(data, new Uint8Array((4 - (data.length % 4)) % 4));
}

/** Concatenates all parts. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
