import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';

/** A packet from the package pcap-parser. */
export interface ParsedPacket {
  readonly header: {
    readonly timestampSeconds: number;
    readonly timestampMicroseconds: number;
    readonly capturedLength: number;
    readonly originalLength: number;
  };
  readonly data: Buffer;
}

/** The package has no types. */
interface PcapParser {
  parse(stream: Readable): { on(event: 'packet' | 'end', listener: (packet: ParsedPacket) => void): void };
}

/** Reads all packets of a classic capture with pcap-parser, the second opinion on our reader. */
export async function parseByPcapParser(capture: Readable): Promise<ParsedPacket[]> {
  const { parse } = createRequire(import.meta.url)('pcap-parser') as PcapParser;
  const packets: ParsedPacket[] = [];
  await new Promise<void>((resolve) => {
    const parser = parse(capture);
    parser.on('packet', (packet) => packets.push(packet));
    parser.on('end', () => resolve());
  });
  return packets;
}
