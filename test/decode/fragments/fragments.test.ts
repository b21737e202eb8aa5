import { describe, expect, test } from 'vitest';
import { LINKTYPE_RAW } from '../../../src/capture/link-type.ts';
import { classify } from '../../../src/classify/classify.ts';
import { Kind, kindName } from '../../../src/classify/kind.ts';
import { KEPT_OCTETS } from '../../../src/decode/fragments/fragments.ts';
import { FRAGMENT_TIMEOUT_MS, MAX_DATAGRAMS } from '../../../src/decode/fragments/fragments-table.ts';
import { Reason } from '../../../src/decode/reason.ts';
import { FragmentReader } from '../../support/fragment-reader.ts';
import { type FragmentFields, fragment, fragmentsAt, fragmentsOf } from '../../support/fragments.ts';
import {
  ACK,
  type Ends,
  extension,
  FIN,
  PSH,
  SYN,
  sctpSegment,
  type TcpFields,
  tcpSegment,
  URG,
  udpDatagram,
} from '../../support/frames.ts';

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };

/** A SYN of 24 octets, like nmap's. */
function syn(ends: Ends = V4, fields: Partial<TcpFields> = {}): Uint8Array {
  return tcpSegment({ ...ends, destinationPort: 111, flags: SYN, payload: new Uint8Array(4), ...fields });
}

/** A segment of an ACK scan. */
function bare(ends: Ends): Uint8Array {
  return tcpSegment({ ...ends, destinationPort: 111, flags: ACK });
}

function init(ends: Ends): Uint8Array {
  return sctpSegment({ ...ends, destinationPort: 111, chunkType: 1 });
}

/** The reason for each packet, in the order of arrival. */
function reasonsOf(packets: readonly Uint8Array[], reader = new FragmentReader()): Reason[] {
  return packets.map((packet) => reader.read(packet, LINKTYPE_RAW));
}

const WAITING = Reason.fragment;

describe('a probe that nmap fragments is one probe, with kind and ports', () => {
  test.each<[string, Uint8Array[], { kind: string }]>([
    ['-f', fragmentsOf(V4, 6, syn(), 8), { kind: 'syn' }],
    ['-f -f', fragmentsOf(V4, 6, syn(), 16), { kind: 'syn' }],
    ['-f -sF', fragmentsOf(V4, 6, syn(V4, { flags: FIN }), 8), { kind: 'fin' }],
    ['-f -sN', fragmentsOf(V4, 6, syn(V4, { flags: 0 }), 8), { kind: 'null' }],
    ['-f -sX', fragmentsOf(V4, 6, syn(V4, { flags: FIN | PSH | URG }), 8), { kind: 'xmas' }],
    ['-f --ip-options', fragmentsOf(V4, 6, syn(), 8, { options: new Uint8Array(8) }), { kind: 'syn' }],
    ['--mtu 24 with data', fragmentsOf(V4, 6, syn(V4, { payload: new Uint8Array(40) }), 24), { kind: 'syn' }],
    ['-f with 30 octets', fragmentsOf(V4, 6, syn(V4, { payload: new Uint8Array(30) }), 8), { kind: 'syn' }],
    ['-f with 300 octets', fragmentsOf(V4, 6, syn(V4, { payload: new Uint8Array(300) }), 8), { kind: 'syn' }],
    ['-sU -f', fragmentsOf(V4, 17, udp(V4, 40), 8), { kind: 'udp' }],
    ['-sU --mtu 24', fragmentsOf(V4, 17, udp(V4, 400), 24), { kind: 'udp' }],
    ['a SYN over IPv6, 8 octets', fragmentsOf(V6, 6, syn(V6), 8), { kind: 'syn' }],
    ['a SYN over IPv6, 16 octets', fragmentsOf(V6, 6, syn(V6), 16), { kind: 'syn' }],
    ['a datagram over IPv6', fragmentsOf(V6, 17, udp(V6, 40), 16), { kind: 'udp' }],
    ['a bare ACK, nmap -f -sA', fragmentsOf(V4, 6, bare(V4), 8), { kind: 'ack' }],
    ['a bare ACK over IPv6', fragmentsOf(V6, 6, bare(V6), 8), { kind: 'ack' }],
    ['an SCTP INIT', fragmentsOf(V4, 132, init(V4), 8), { kind: 'sctp-init' }],
    ['an SCTP INIT over IPv6', fragmentsOf(V6, 132, init(V6), 8), { kind: 'sctp-init' }],
    [
      'a SYN behind destination options over IPv6',
      fragmentsOf(V6, 60, extension(6, syn(V6)), 8),
      { kind: 'syn' },
    ],
    [
      'a datagram behind two extension headers over IPv6',
      fragmentsOf(V6, 60, extension(60, extension(17, udp(V6, 3)), 1), 8),
      { kind: 'udp' },
    ],
  ])('%s', (_name, packets, { kind }) => {
    const reader = new FragmentReader();
    const seen = packets.flatMap((octets) => {
      if (reader.read(octets, LINKTYPE_RAW) !== Reason.none) return [];
      const { packet } = reader;
      const { sourcePort, destinationPort, fragmented } = packet;
      return [{ kind: kindName(classify(packet)), sourcePort, destinationPort, fragmented }];
    });
    expect(seen).toEqual([{ kind, sourcePort: 40000, destinationPort: 111, fragmented: true }]);
  });

  function udp(ends: Ends, length: number): Uint8Array {
    return udpDatagram({ ...ends, destinationPort: 111, payload: new Uint8Array(length) });
  }
});

test('a first fragment that holds the whole header is judged at once, without the rest', () => {
  const long = syn(V4, { payload: new Uint8Array(100) });
  expect(reasonsOf(fragmentsOf(V4, 6, long, 64))).toEqual([Reason.none, WAITING]);
});

test('the header fields are those of the first fragment, whichever comes last', () => {
  const [first, ...rest] = fragmentsOf(V4, 6, syn(), 8, { options: new Uint8Array(4) });
  const bare = fragmentsOf(V4, 6, syn(), 8).slice(1);
  const reader = new FragmentReader();
  expect(reasonsOf([first as Uint8Array, ...bare], reader)).toEqual([WAITING, WAITING, Reason.none]);
  expect(reader.packet.ipOptions).toBe(true);
  expect(reader.packet.identification).toBe(0x1234);
  expect(reader.packet.source.toString()).toBe(V4.source);
  expect(reasonsOf([...rest, fragmentsOf(V4, 6, syn(), 8)[0] as Uint8Array], reader)).toEqual([
    WAITING,
    WAITING,
    Reason.none,
  ]);
  expect(reader.packet.ipOptions).toBe(false);
});

describe.each([
  ['IPv4', V4],
  ['IPv6', V6],
])('in any order, over %s', (_family, ends) => {
  const [a, b, c] = fragmentsOf(ends, 6, syn(ends), 8) as [Uint8Array, Uint8Array, Uint8Array];
  test.each([
    ['in order', [a, b, c]],
    ['the last one first', [c, a, b]],
    ['backwards', [c, b, a]],
    ['the first one last', [b, c, a]],
    ['from the middle', [b, a, c]],
  ])('%s', (_name, packets) => {
    expect(reasonsOf(packets)).toEqual([WAITING, WAITING, Reason.none]);
  });

  test('duplicates are ignored', () => {
    const reasons = reasonsOf([a, a, b, a, b, c]);
    expect(reasons).toEqual([WAITING, WAITING, WAITING, WAITING, WAITING, Reason.none]);
  });

  test('the whole datagram twice is two packets', () => {
    const reasons = reasonsOf([a, b, c, c, b, a]);
    expect(reasons.filter((reason) => reason === Reason.none)).toHaveLength(2);
  });

  test('a datagram with a hole is never judged', () => {
    expect(reasonsOf([a, c])).toEqual([WAITING, WAITING]);
    expect(reasonsOf([b, c])).toEqual([WAITING, WAITING]);
    expect(reasonsOf([a, b])).toEqual([WAITING, WAITING]);
  });
});

describe('fragments of different datagrams are kept apart', () => {
  const other = { source: '10.0.0.9', destination: '10.0.0.2' };
  test.each<[string, Uint8Array[], Uint8Array[]]>([
    ['source', parts(V4, 6), parts(other, 6)],
    ['destination', parts(V4, 6), parts({ ...V4, destination: '10.0.0.3' }, 6)],
    ['identification', parts(V4, 6), parts(V4, 6, { identification: 7 })],
    ['identification over IPv6, 32 bits', parts(V6, 6), parts(V6, 6, { identification: 0x1_1234 })],
    ['protocol, over IPv4', parts(V4, 6), parts(V4, 17)],
  ])('by %s', (_name, ours, theirs) => {
    const [first, second, third] = ours as [Uint8Array, Uint8Array, Uint8Array];
    const [, strange] = theirs as [Uint8Array, Uint8Array];
    expect(reasonsOf([first, strange, third])).toEqual([WAITING, WAITING, WAITING]);
    expect(reasonsOf([first, strange, third, second]).at(-1)).toBe(Reason.none);
  });

  test('not by the next header over IPv6: only that of the first fragment counts', () => {
    const [first] = parts(V6, 6);
    const [, second, third] = parts(V6, 17);
    expect(reasonsOf([first, second, third] as Uint8Array[])).toEqual([WAITING, WAITING, Reason.none]);
  });

  function parts(ends: Ends, protocol: number, fields: Partial<FragmentFields> = {}): Uint8Array[] {
    return fragmentsOf(ends, protocol, syn(ends), 8, fields);
  }
});

describe('contradictions drop the datagram, as in Linux', () => {
  const segment = syn();
  const part = (from: number, to: number, more: boolean, octets = segment) =>
    fragment(V4, 6, octets.subarray(from, to), { offset: from, more });
  const [first, second, last] = [part(0, 8, true), part(8, 16, true), part(16, 24, false)];

  test.each<[string, Uint8Array, Uint8Array]>([
    ['it overlaps the end of another', first, part(0, 16, true)],
    ['it overlaps the start of another', second, part(0, 16, true)],
    ['it holds another, and more', second, part(8, 24, false)],
    ['it is empty', first, part(16, 16, true)],
    ['it is cut down to nothing', first, part(16, 20, true)],
    ['it is the last one, and ends before another', second, part(8, 12, false)],
  ])('%s', (_name, known, odd) => {
    const reader = new FragmentReader();
    expect(reasonsOf([known, odd], reader)).toEqual([WAITING, Reason.fragmentOverlap]);
    const rest = [first, second, last].filter((packet) => packet !== known);
    expect(reasonsOf(rest, reader)).toEqual([WAITING, WAITING]);
  });

  test('another length', () => {
    expect(reasonsOf([last, part(16, 20, false)])).toEqual([WAITING, Reason.fragmentOverlap]);
    const beyond = fragment(V4, 6, new Uint8Array(8), { offset: 24, more: true });
    expect(reasonsOf([last, beyond])).toEqual([WAITING, Reason.fragmentOverlap]);
  });

  test('a fragment within known octets is a duplicate, and the first one stays', () => {
    const forged = part(0, 8, true, syn(V4, { destinationPort: 22 }));
    const reader = new FragmentReader();
    const reasons = reasonsOf([first, forged, second, last], reader);
    expect(reasons).toEqual([WAITING, WAITING, WAITING, Reason.none]);
    expect(reader.packet.destinationPort).toBe(111);
  });

  test('a fragment within octets that came in order is a duplicate; in any other order it is not', () => {
    const both = part(0, 16, true);
    expect(reasonsOf([first, second, both, last])).toEqual([WAITING, WAITING, WAITING, Reason.none]);
    expect(reasonsOf([second, first, both, last])).toEqual([
      WAITING,
      WAITING,
      Reason.fragmentOverlap,
      WAITING,
    ]);
  });

  test('afterwards the datagram begins anew', () => {
    const reasons = reasonsOf([first, part(0, 16, true), first, second, last]);
    expect(reasons).toEqual([WAITING, Reason.fragmentOverlap, WAITING, WAITING, Reason.none]);
  });
});

describe('lengths that are not a multiple of eight, with more fragments to come', () => {
  const odd = (ends: Ends) => [
    fragment(ends, 6, syn(ends).subarray(0, 11), { offset: 0, more: true }),
    fragment(ends, 6, syn(ends).subarray(8), { offset: 8, more: false }),
  ];
  test('are trimmed over IPv4', () => {
    expect(reasonsOf(odd(V4))).toEqual([WAITING, Reason.none]);
  });

  test('are rejected over IPv6', () => {
    expect(reasonsOf(odd(V6))).toEqual([Reason.ipLength, WAITING]);
  });
});

describe('checksums', () => {
  const wrong = syn(V4, { checksum: 0x1234 });

  test.each<[string, Uint8Array[], Reason]>([
    ['right', fragmentsOf(V4, 6, syn(), 8), Reason.none],
    ['left to the network card', fragmentsOf(V4, 6, syn(V4, { checksum: 'pseudo' }), 8), Reason.none],
    ['wrong: no probe', fragmentsOf(V4, 6, wrong, 8), Reason.transportChecksum],
    [
      'wrong over IPv6: no probe',
      fragmentsOf(V6, 6, syn(V6, { checksum: 0x1234 }), 8),
      Reason.transportChecksum,
    ],
    [
      'of a datagram longer than the kept part: not checked',
      fragmentsOf(V4, 6, syn(V4, { checksum: 0x1234, payload: new Uint8Array(KEPT_OCTETS) }), 16),
      Reason.none,
    ],
  ])('of TCP, %s', (_name, packets, expected) => {
    const reader = new FragmentReader();
    const reasons = reasonsOf(packets, reader);
    expect(reasons.filter((reason) => reason === Reason.none)).toHaveLength(1);
    const completing = new FragmentReader();
    for (const packet of packets) if (completing.read(packet, LINKTYPE_RAW) === Reason.none) break;
    expect(completing.verify()).toBe(expected);
  });

  test("of a fragment's IPv4 header: a fragment with a wrong one is ignored", () => {
    const [first, second, last] = fragmentsOf(V4, 6, syn(), 8) as [Uint8Array, Uint8Array, Uint8Array];
    const bad = fragment(V4, 6, syn().subarray(8, 16), { offset: 8, more: true, checksum: 1 });
    expect(reasonsOf([first, bad, last])).toEqual([WAITING, Reason.ipChecksum, WAITING]);
    expect(reasonsOf([first, bad, last, second]).at(-1)).toBe(Reason.none);
    expect(reasonsOf([first, bad, last], new FragmentReader(false)).at(-1)).toBe(Reason.none);
  });
});

describe('bounds', () => {
  const [first, second, last] = fragmentsOf(V4, 6, syn(), 8) as [Uint8Array, Uint8Array, Uint8Array];

  test.each([
    ['a millisecond before the timeout', FRAGMENT_TIMEOUT_MS - 1, Reason.none],
    ['at the timeout', FRAGMENT_TIMEOUT_MS, WAITING],
    ['when the clock is set back', -FRAGMENT_TIMEOUT_MS, WAITING],
  ])('time: %s', (_name, elapsed, expected) => {
    const reader = new FragmentReader();
    reader.packet.time = 1e12;
    reasonsOf([first, second], reader);
    reader.packet.time = 1e12 + elapsed;
    expect(reader.read(last, LINKTYPE_RAW)).toBe(expected);
  });

  test('after the timeout the datagram begins anew', () => {
    const reader = new FragmentReader();
    reasonsOf([first, second], reader);
    reader.packet.time = FRAGMENT_TIMEOUT_MS;
    expect(reasonsOf([last, first, second], reader)).toEqual([WAITING, WAITING, Reason.none]);
  });

  test.each([
    ['the oldest stays while there is room', MAX_DATAGRAMS - 1, Reason.none],
    ['the oldest is evicted first', MAX_DATAGRAMS, WAITING],
  ])('number: %s', (_name, others, expected) => {
    const reader = new FragmentReader();
    reasonsOf([first, second], reader);
    for (let id = 0; id < others; id++) {
      const flood = fragment(V4, 6, syn().subarray(0, 8), {
        offset: 0,
        more: true,
        identification: 0x2000 + id,
      });
      expect(reader.read(flood, LINKTYPE_RAW)).toBe(WAITING);
    }
    expect(reader.read(last, LINKTYPE_RAW)).toBe(expected);
  });

  test('a datagram in the slot of another finds nothing of it', () => {
    const reader = new FragmentReader(false);
    const leftOver = fragmentsOf(V4, 6, syn(V4, { payload: new Uint8Array(30) }), 8)
      .slice(1)
      .reverse();
    for (let id = 0; id < MAX_DATAGRAMS; id++) {
      for (const packet of leftOver) {
        new DataView(packet.buffer).setUint16(4, 0x2000 + id);
        expect(reader.read(packet, LINKTYPE_RAW)).toBe(WAITING);
      }
    }
    const both = fragment(V4, 6, syn().subarray(0, 16), { offset: 0, more: true });
    expect(reasonsOf([first, second, both, last], reader)).toEqual([WAITING, WAITING, WAITING, Reason.none]);
  });

  test('octets: a fragment beyond the kept part is not even looked up', () => {
    const reader = new FragmentReader();
    reasonsOf([first], reader);
    for (let id = 0; id < MAX_DATAGRAMS; id++) {
      const far = fragment(V4, 6, new Uint8Array(8), { offset: KEPT_OCTETS, more: true, identification: id });
      expect(reader.read(far, LINKTYPE_RAW)).toBe(WAITING);
    }
    expect(reasonsOf([second, last], reader)).toEqual([WAITING, Reason.none]);
  });

  test('fragments of UDP and other protocols take no slot', () => {
    const reader = new FragmentReader();
    reasonsOf([first], reader);
    for (let id = 0; id < MAX_DATAGRAMS; id++) {
      const far = fragment(V4, 17, new Uint8Array(8), { offset: 8, more: true, identification: id });
      expect(reader.read(far, LINKTYPE_RAW)).toBe(WAITING);
    }
    expect(reasonsOf([second, last], reader)).toEqual([WAITING, Reason.none]);
  });
});

describe('fragments that the snap length cut', () => {
  const parts = fragmentsAt(V4, 6, syn(V4, { checksum: 1 }), [8]) as [Uint8Array, Uint8Array];

  test('behind the octets that are read: the packet is seen, its checksum is not verified', () => {
    const reader = new FragmentReader();
    reader.read(parts[0], LINKTYPE_RAW);
    expect(reader.read(parts[1].subarray(0, 20 + 8), LINKTYPE_RAW, parts[1].length)).toBe(Reason.none);
    expect(kindName(classify(reader.packet))).toBe('syn');
    expect(reader.verify()).toBe(Reason.none);
  });

  test('before that: it cannot be judged', () => {
    const reader = new FragmentReader();
    reader.read(parts[0], LINKTYPE_RAW);
    expect(reader.read(parts[1].subarray(0, 20 + 7), LINKTYPE_RAW, parts[1].length)).toBe(
      Reason.transportHeader,
    );
  });

  test('in the IP header: its checksum is not verified', () => {
    const [, second] = fragmentsOf(V4, 6, syn(), 8, { options: new Uint8Array(8) }) as Uint8Array[];
    const cut = (second as Uint8Array).slice(0, 24);
    expect(new FragmentReader().read(cut, LINKTYPE_RAW, second?.length)).toBe(Reason.ipHeader);
  });
});

test('a fragment of an established connection is no probe', () => {
  const reader = new FragmentReader();
  const packets = fragmentsOf(V4, 6, syn(V4, { flags: ACK }), 8);
  expect(reasonsOf(packets, reader).at(-1)).toBe(Reason.none);
  expect(classify(reader.packet)).toBe(Kind.none);
});
