/** tshark must see the same as we do in each fixture, and in every packet in every wrapping. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalLinkType } from '../../src/capture/link-type.ts';
import { kindOfFlags } from '../../src/classify/flags.ts';
import { Kind, kindName } from '../../src/classify/kind.ts';
import { Reassembler } from '../../src/decode/fragments/fragments.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { Reason } from '../../src/decode/reason.ts';
import { writePcap } from '../support/capture-writer.ts';
import { FIN, PSH, SYN, sctpPacket, tcpPacket, URG, udpPacket } from '../support/frames.ts';
import { type ReadCapture, readBytes } from '../support/read-capture.ts';
import { holds, WRAPPINGS } from '../support/wrappings.ts';

const FIXTURES = 'fixtures/captures';

/** The kinds that show from one packet. */
const KINDS: readonly Kind[] = [
  Kind.syn,
  Kind.null,
  Kind.fin,
  Kind.xmas,
  Kind.udp,
  Kind['sctp-init'],
  Kind['sctp-cookie-echo'],
];

const FIELDS = [
  'frame.protocols',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'tcp.dstport',
  'tcp.flags',
  'udp.dstport',
  'sctp.dstport',
  'sctp.chunk_type',
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-tshark-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('every packet in every wrapping', () => {
  const shown = WRAPPINGS.filter(({ beyondTshark }) => !beyondTshark);
  const types = [...new Set(shown.map(({ linkType }) => linkType))];
  const captures = types.flatMap((linkType) =>
    (['little', 'big'] as const).map((order) => ({
      linkType,
      order,
      wrappings: shown.filter((wrapping) => {
        return wrapping.linkType === linkType && (wrapping.bigEndian ? 'big' : 'little') === order;
      }),
    })),
  );

  test.each(captures.filter(({ wrappings }) => wrappings.length > 0))(
    'on link type $linkType, $order-endian',
    async ({ linkType, order, wrappings }) => {
      const frames = wrappings.flatMap((wrapping, index) =>
        packets(20_000 + index)
          .filter((packet) => holds(wrapping, packet))
          .map((packet) => ({ data: wrapping.wrap(packet) })),
      );
      const path = join(folder, `${linkType}-${order}.pcap`);
      writeFileSync(path, writePcap({ linkType, order, frames }));
      const ours = await seenByUs(path);
      expect(ours).toHaveLength(frames.length);
      expect(ours).toEqual(await seenByTshark(path));
    },
  );
});

describe('every fixture', () => {
  const files = readdirSync(FIXTURES).filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name));

  test.each(files.filter((name) => !name.endsWith('.gz')))('%s', async (name) => {
    const path = join(FIXTURES, name);
    expect(await seenByUs(path)).toEqual(await seenByTshark(path));
  });
});

/** A packet of each kind and family to one port. */
function packets(destinationPort: number): Uint8Array[] {
  const families = [
    { source: '10.0.0.1', destination: '10.0.0.2' },
    { source: 'fd00::1', destination: 'fd00::2' },
  ];
  return families.flatMap((ends) => {
    return [
      ...[SYN, 0, FIN, FIN | PSH | URG].map((flags) => tcpPacket({ ...ends, destinationPort, flags })),
      udpPacket({ ...ends, destinationPort, payload: new Uint8Array(3) }),
      sctpPacket({ ...ends, destinationPort, chunkType: 1 }),
    ];
  });
}

/** `source destination port kind` of each packet, each once, sorted. */
async function seenByUs(path: string): Promise<string[]> {
  const { frames, end }: ReadCapture = await readBytes(readFileSync(path));
  expect(end).toEqual({ status: 'complete' });
  const packet = new Packet();
  const fragments = new Reassembler('any');
  const seen: string[] = [];
  for (const { data, wireLength, linkType, time } of frames) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    let reason = decodeFrame(view, 0, data.length, wireLength, canonicalLinkType(linkType), packet);
    packet.time = time;
    if (reason === Reason.fragment) reason = fragments.take(view, packet);
    if (reason !== Reason.none) continue;
    const kind = kindOf(packet);
    if (KINDS.includes(kind))
      seen.push(line(packet.source, packet.destination, packet.destinationPort, kind));
  }
  return [...new Set(seen)].sort();
}

/** From one packet alone, whatever its destination. */
function kindOf({ protocol, tcpFlags, messageType }: Packet): Kind {
  if (protocol === 6) return kindOfFlags(tcpFlags);
  if (protocol === 132) return kindOfChunk(messageType);
  return protocol === 17 ? Kind.udp : Kind.none;
}

function kindOfChunk(type: number): Kind {
  if (type === 1) return Kind['sctp-init'];
  return type === 10 ? Kind['sctp-cookie-echo'] : Kind.none;
}

async function seenByTshark(path: string): Promise<string[]> {
  const options = FIELDS.flatMap((field) => ['-e', field]);
  const { stdout } = await promisify(execFile)(
    'tshark',
    ['-n', '-r', path, '-T', 'fields', '-E', 'occurrence=l', ...options],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const lines = stdout.split('\n').flatMap(lineOfRow);
  return [...new Set(lines)].sort();
}

/** tshark shows the last value of each field; its list of protocols says which family is the innermost. */
function lineOfRow(row: string): string[] {
  const [
    protocols = '',
    v4Source,
    v4Destination,
    v6Source,
    v6Destination,
    tcpPort,
    flags,
    udpPort,
    sctpPort,
    chunk,
  ] = row.split('\t');
  const layers = protocols.split(':');
  // An ICMP error quotes the packet that it is about.
  if (layers.includes('icmp') || layers.includes('icmpv6')) return [];
  const isV6 = layers.lastIndexOf('ipv6') > layers.lastIndexOf('ip');
  const [source, destination] = isV6 ? [v6Source, v6Destination] : [v4Source, v4Destination];
  if (layers.includes('sctp')) {
    const kind = kindOfChunk(Number(chunk));
    return kind === Kind.none ? [] : [line(source, destination, sctpPort, kind)];
  }
  const isTcp = layers.includes('tcp');
  if (!isTcp && !layers.includes('udp')) return [];
  const kind = isTcp ? kindOfFlags(Number(flags)) : Kind.udp;
  return KINDS.includes(kind) ? [line(source, destination, isTcp ? tcpPort : udpPort, kind)] : [];
}

function line(source: unknown, destination: unknown, port: unknown, kind: Kind): string {
  return `${source} ${destination} ${port} ${kindName(kind)}`;
}
