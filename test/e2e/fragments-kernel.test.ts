import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LINKTYPE_RAW } from '../../src/capture/link-type.ts';
import { Reason } from '../../src/decode/reason.ts';
import { FragmentReader } from '../support/fragment-reader.ts';
import { fragment } from '../support/fragments.ts';
import { type Ends, ethernet, SYN, tcpPacket, tcpSegment } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { sendFrames } from '../support/services.ts';

const CASES = 2_000;
const FIRST_PORT = 1_000;
/** The port of a whole SYN at the end. When it is answered, all before it have been. */
const LAST_PORT = 60_000;

/** A piece of a SYN: any octets, but never the whole header at the start, because that is judged at once. */
const PIECE = fc.record({
  offset: fc.integer({ min: 0, max: 5 }).map((units) => units * 8),
  length: fc
    .tuple(
      fc.integer({ min: 0, max: 4 }),
      fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { arbitrary: fc.nat(7), weight: 1 }),
    )
    .map(([units, less]) => Math.max(0, units * 8 - less)),
  /** One in sixteen says wrongly whether it is the last. */
  lies: fc.nat(15).map((number) => number === 0),
});
const TORN = fc.record({
  length: fc.constantFrom(24, 28, 32, 40, 48),
  pieces: fc.array(PIECE, { minLength: 3, maxLength: 12 }),
});
type Torn = typeof TORN extends fc.Arbitrary<infer T> ? T : never;

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'kernel' });
});
afterEach(() => lab.close());

/** The kernel answers a SYN to a closed port with RST if and only if it has reassembled the SYN. */
test('overlaps, duplicates, holes and wrong ends are resolved as this kernel resolves them', async () => {
  const { from, to } = lab.wire;
  const ends = { source: from.ipv4, destination: to.ipv4 };
  const torn = fc.sample(TORN, CASES).map((shape, index) => piecesOf(shape, ends, index));
  const answers = await lab.start(lab.scanner, [
    ...['tcpdump', '-Z', 'root', '-l', '-n', '-i', 'eth0', '--immediate-mode', '-B', '65536'],
    'tcp[13] & 4 != 0',
  ]);
  await answers.waitForLine(/listening on/);

  const mac = { source: from.mac, destination: to.mac };
  const last = tcpPacket({ ...ends, destinationPort: LAST_PORT, flags: SYN });
  const packets = [...torn.flat(), last];
  await sendFrames(
    lab,
    lab.scanner,
    packets.map((packet) => ethernet(packet, mac)),
  );
  await answers.waitForLine(/\.60000 > /);
  const answered = new Set(answers.lines().map((line) => Number(/ [\d.]+\.(\d+) > /.exec(line)?.[1])));

  const reader = new FragmentReader();
  // A wrong flag may end it early. Then its checksum is wrong, and the kernel does not answer.
  const sumIsRight = () => reader.verify() === Reason.none;
  const differences = torn.flatMap((pieces, index) => {
    const judged = pieces.filter((piece) => reader.read(piece, LINKTYPE_RAW) === Reason.none && sumIsRight());
    const seen = judged.length > 0;
    if (seen === answered.has(FIRST_PORT + index)) return [];
    return [`${seen ? 'only we' : 'only the kernel'}: ${pieces.map(described).join(' ')}`];
  });
  expect(differences).toEqual([]);
  expect(answered.size).toBeGreaterThan(CASES / 20);
});

function piecesOf({ length, pieces }: Torn, ends: Ends, index: number): Uint8Array[] {
  const destinationPort = FIRST_PORT + index;
  const segment = tcpSegment({ ...ends, destinationPort, flags: SYN, payload: new Uint8Array(length - 20) });
  return pieces.flatMap((piece) => {
    const end = Math.min(piece.offset + piece.length, piece.offset === 0 ? 16 : length);
    const more = end < length !== piece.lies;
    // No fragment: outside the segment, or both first and last.
    if (piece.offset >= length || (piece.offset === 0 && !more)) return [];
    const octets = segment.subarray(piece.offset, end);
    return [fragment(ends, 6, octets, { offset: piece.offset, more, identification: index + 1 })];
  });
}

/** The octets of a fragment as [from,to), with a plus when more fragments follow. */
function described(packet: Uint8Array): string {
  const word = new DataView(packet.buffer, packet.byteOffset).getUint16(6);
  const offset = (word & 0x1fff) * 8;
  return `[${offset},${offset + packet.length - 20})${(word & 0x2000) === 0 ? '' : '+'}`;
}
