import { closeSync, openSync, writeSync } from 'node:fs';
import { ACK, ethernet, PSH, SYN, tcpPacket, udpPacket } from '../../test/support/frames.ts';

export const PACKETS = 1_000_000;

const GLOBAL_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;
/** How much is written to the file at a time. */
const PIECE_BYTES = 8 * 1024 * 1024;

const SERVER = '10.0.0.2';

/** Frames and their times (ms). */
type Frame = { frame: Uint8Array; time: number };
export type Frames = Iterable<Frame>;

/** A SYN to each of 100 watched ports from each of 10,000 sources, interleaved. */
export function* synScan(): Frames {
  const sources = 10_000;
  const frame = ethernet(
    tcpPacket({ source: '1.0.0.0', destination: SERVER, destinationPort: 1, flags: SYN }),
  );
  const view = new DataView(frame.buffer);
  for (let index = 0; index < PACKETS; index++) {
    const source = 0x0b000000 + (index % sources);
    const port = 1 + Math.floor(index / sources);
    view.setUint32(26, source);
    view.setUint16(34, 32_768 + (source % 20_000));
    view.setUint16(36, port);
    fixChecksums(view);
    yield { frame, time: index / 100 };
  }
}

/** What `manyHosts` has of each kind: more than the tables have room for. */
const MANY = {
  v4Connections: 530_000,
  v6Connections: 140_000,
  exchanges: 140_000,
  sources: 70_000,
  targets: 80_000,
  scanners: 1_024,
  portsOfScanner: 290,
};

/**
 * What takes the most memory: beginnings of connections between hosts that occur once, IPv4 and IPv6, datagrams, two SYNs
 * each from more sources than are tracked to 80,000 hosts, and scans of ports in no order.
 */
export function* manyHosts(): Frames {
  const next = numbers();
  const port = () => 1 + (next() % 65_535);
  let time = 0;
  for (let index = 0; index < MANY.v4Connections; index++) {
    time += 0.01;
    const [client, server] = [next() | 0x01000000, next() | 0x02000000];
    const [clientPort, serverPort] = [port(), port()];
    yield { frame: v4Segment(SYN | ACK, [server, serverPort, client, clientPort], next()), time };
    if (index % 4 === 0)
      yield { frame: v4Segment(ACK, [client, clientPort, server, serverPort], next()), time };
    if (index < MANY.v6Connections) yield { frame: v6SynAck([next(), port(), next(), port()]), time };
    if (index >= MANY.exchanges) continue;
    yield { frame: v4Datagram([client, serverPort, server, clientPort]), time };
    if (index % 2 === 0) yield { frame: v4Datagram([server, clientPort, client, serverPort]), time };
  }
  for (let index = 0; index < 2 * MANY.sources; index++) {
    time += 0.01;
    const source = 0x20000000 + (index >>> 1);
    const target = 0x30000000 + (next() % MANY.targets);
    yield {
      frame: v4Segment(SYN, [source, 2_000 + (index & 1), target, 1 + (next() % 1_000)], next()),
      time,
    };
  }
  for (let index = 0; index < MANY.scanners * MANY.portsOfScanner; index++) {
    time += 0.01;
    const source = 0x20000000 + (index % MANY.scanners);
    yield { frame: v4Segment(SYN, [source, 2_000, 0x30000000, port()], next()), time };
  }
}

/** Source, its port, destination and its port; of IPv6 the last words of the addresses. */
type EndNumbers = readonly [number, number, number, number];

/** Numbers of 32 bits that are always the same, in no order. */
function numbers(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state ^ (state >>> 15)) >>> 0;
  };
}

const SEGMENTS = new Map(
  [SYN, SYN | ACK, ACK].map((flags) => [
    flags,
    ethernet(tcpPacket({ source: '1.0.0.0', destination: SERVER, destinationPort: 1, flags })),
  ]),
);
const V6_SYN_ACK = ethernet(
  tcpPacket({ source: '2001:db8:1::1', destination: '2001:db8:2::1', destinationPort: 1, flags: SYN | ACK }),
);
const DATAGRAM = ethernet(
  udpPacket({ source: '1.0.0.0', destination: SERVER, destinationPort: 1, payload: new Uint8Array(4) }),
);

/** A frame that the next call overwrites. */
function v4Segment(flags: number, ends: EndNumbers, sequence: number): Uint8Array {
  const frame = SEGMENTS.get(flags) as Uint8Array;
  const view = writeEnds(frame, ends);
  view.setUint32(38, sequence);
  fixChecksums(view);
  return frame;
}

/** The same; nobody looks at the checksum of a datagram that is no probe. */
function v4Datagram(ends: EndNumbers): Uint8Array {
  const view = writeEnds(DATAGRAM, ends);
  view.setUint16(24, 0);
  view.setUint16(24, complement(sum(view, 14, 20)));
  view.setUint16(40, 0);
  return DATAGRAM;
}

/** The same; nobody looks at the checksum of an answer. */
function v6SynAck([source, sourcePort, destination, destinationPort]: EndNumbers): Uint8Array {
  const view = new DataView(V6_SYN_ACK.buffer, V6_SYN_ACK.byteOffset);
  view.setUint32(34, source);
  view.setUint32(50, destination);
  view.setUint16(54, sourcePort);
  view.setUint16(56, destinationPort);
  return V6_SYN_ACK;
}

function writeEnds(frame: Uint8Array, [source, sourcePort, destination, port]: EndNumbers): DataView {
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(26, source);
  view.setUint16(34, sourcePort);
  view.setUint32(30, destination);
  view.setUint16(36, port);
  return view;
}

/**
 * Traffic of an honest host: 2,000 HTTP connections of 480 segments each, of which every third is a full one outward, and
 * DNS queries with their answers.
 */
export function* honestTraffic(): Frames {
  const ends = { source: '192.0.2.1', destination: SERVER };
  const back = { source: SERVER, destination: '192.0.2.1' };
  const full = new Uint8Array(1448);
  const segments = {
    syn: ethernet(tcpPacket({ ...ends, destinationPort: 80, flags: SYN })),
    synAck: ethernet(tcpPacket({ ...back, sourcePort: 80, destinationPort: 40_000, flags: SYN | ACK })),
    ack: ethernet(tcpPacket({ ...ends, destinationPort: 80, flags: ACK })),
    data: ethernet(
      tcpPacket({ ...back, sourcePort: 80, destinationPort: 40_000, flags: ACK | PSH, payload: full }),
    ),
    question: ethernet(
      udpPacket({ ...back, sourcePort: 50_000, destinationPort: 53, payload: new Uint8Array(30) }),
    ),
    answer: ethernet(
      udpPacket({ ...ends, sourcePort: 53, destinationPort: 50_000, payload: new Uint8Array(120) }),
    ),
  };
  for (let index = 0; index < PACKETS; index++) {
    const time = index / 100;
    const step = index % 500;
    if (step === 0) yield { frame: segments.syn, time };
    else if (step === 1) yield { frame: segments.synAck, time };
    else if (step >= 480) yield { frame: step % 2 === 0 ? segments.question : segments.answer, time };
    else yield { frame: step % 3 === 0 ? segments.data : segments.ack, time };
  }
}

/** Writes a classic capture; frames are cut to `snapLength` octets. Returns how many there are. */
export async function writeCapture(
  path: string,
  frames: Frames | AsyncIterable<Frame>,
  snapLength = 65_535,
): Promise<number> {
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(PIECE_BYTES);
  piece.writeUInt32LE(0xa1b2c3d4, 0);
  piece.writeUInt16LE(2, 4);
  piece.writeUInt16LE(4, 6);
  piece.writeUInt32LE(snapLength, 16);
  piece.writeUInt32LE(1, 20);
  let length = GLOBAL_HEADER_LENGTH;
  let count = 0;
  for await (const { frame, time } of frames) {
    count++;
    const captured = Math.min(frame.length, snapLength);
    if (length + RECORD_HEADER_LENGTH + captured > PIECE_BYTES) {
      writeSync(file, piece, 0, length);
      length = 0;
    }
    piece.writeUInt32LE(1_700_000_000 + Math.floor(time / 1000), length);
    piece.writeUInt32LE(Math.floor((time % 1000) * 1000), length + 4);
    piece.writeUInt32LE(captured, length + 8);
    piece.writeUInt32LE(frame.length, length + 12);
    piece.set(frame.subarray(0, captured), length + RECORD_HEADER_LENGTH);
    length += RECORD_HEADER_LENGTH + captured;
  }
  writeSync(file, piece, 0, length);
  closeSync(file);
  return count;
}

/** Sets the checksums of IPv4 and TCP in an Ethernet frame without options and payload. */
export function fixChecksums(view: DataView): void {
  view.setUint16(24, 0);
  view.setUint16(24, complement(sum(view, 14, 20)));
  view.setUint16(50, 0);
  view.setUint16(50, complement(sum(view, 34, 20) + sum(view, 26, 8) + 6 + 20));
}

function sum(view: DataView, offset: number, length: number): number {
  let total = 0;
  for (let at = offset; at < offset + length; at += 2) total += view.getUint16(at);
  return total;
}

function complement(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}
