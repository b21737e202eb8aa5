import { readdirSync } from 'node:fs';
import { openCaptureFile } from '../../src/capture/file/open.ts';
import { LINKTYPE_ETHERNET } from '../../src/capture/link-type.ts';
import { ACK, ethernet, FIN, PSH, SYN, tcpPacket, udpPacket } from '../../test/support/frames.ts';

const FIXTURES = 'fixtures/captures';
/** One frame in this many is from a fixture. */
const FIXTURE_EVERY = 50;
/** Sessions at a time. */
const SESSIONS = 64;
const CLIENTS = 400;
const SERVERS = 40;
const TCP_PORTS = [443, 443, 443, 80, 22, 993, 25];
const MS_PER_FRAME = 0.05;

const FULL_SEGMENT = new Uint8Array(1_448);
const QUIC_DATAGRAM = new Uint8Array(1_252);

/**
 * Frames of `octets` octets in all, as at the router of an office: TCP and UDP sessions of hundreds of hosts over IPv4 and
 * IPv6, and among them the frames of all fixtures again and again, scans and honest traffic. The same each time.
 */
export async function* mixedTraffic(octets: number): AsyncGenerator<{ frame: Uint8Array; time: number }> {
  const fixtures = await fixtureFrames();
  const random = new Random(1);
  const sessions = Array.from({ length: SESSIONS }, () => session(random));
  let written = 0;
  for (let index = 0; written < octets; index++) {
    let frame = fixtures[Math.floor(index / FIXTURE_EVERY) % fixtures.length] as Uint8Array;
    if (index % FIXTURE_EVERY !== 0) {
      const at = random.below(SESSIONS);
      let next = (sessions[at] as Session).next();
      while (next.done) {
        sessions[at] = session(random);
        next = (sessions[at] as Session).next();
      }
      frame = next.value;
    }
    yield { frame, time: index * MS_PER_FRAME };
    written += frame.length;
  }
}

type Session = Generator<Uint8Array, void>;

function session(random: Random): Session {
  const server = random.below(SERVERS);
  const client = random.below(CLIENTS);
  const ends =
    random.below(8) === 0
      ? { source: `2001:db8::1:${client.toString(16)}`, destination: `2001:db8::2:${server.toString(16)}` }
      : { source: `10.1.${client >> 8}.${client & 255}`, destination: `198.51.100.${server}` };
  const sourcePort = 32_768 + random.below(28_000);
  const kind = random.below(10);
  if (kind === 0) return datagrams(ends, sourcePort, 53, new Uint8Array(40), new Uint8Array(120), 1);
  if (kind < 3) return datagrams(ends, sourcePort, 443, new Uint8Array(80), QUIC_DATAGRAM, random.below(200));
  const port = TCP_PORTS[random.below(TCP_PORTS.length)] as number;
  return connection(ends, sourcePort, port, 4 + random.below(300));
}

/** A request, its answer in full segments, of which every second is acknowledged, and both FINs. */
function* connection(ends: Ends, sourcePort: number, destinationPort: number, segments: number): Session {
  const there = (flags: number, payload = new Uint8Array()) =>
    ethernet(tcpPacket({ ...ends, sourcePort, destinationPort, flags, payload }));
  const { source, destination } = ends;
  const back = { source: destination, destination: source };
  const here = (flags: number, payload = new Uint8Array()) =>
    ethernet(
      tcpPacket({ ...back, sourcePort: destinationPort, destinationPort: sourcePort, flags, payload }),
    );
  const ack = there(ACK);
  const full = here(ACK, FULL_SEGMENT);
  yield there(SYN);
  yield here(SYN | ACK);
  yield ack;
  yield there(ACK | PSH, new Uint8Array(300));
  for (let index = 0; index < segments; index++) {
    yield full;
    if (index % 2 === 1) yield ack;
  }
  yield here(FIN | ACK);
  yield there(FIN | ACK);
  yield here(ACK);
}

function* datagrams(
  ends: Ends,
  sourcePort: number,
  destinationPort: number,
  question: Uint8Array,
  answer: Uint8Array,
  answers: number,
): Session {
  const there = ethernet(udpPacket({ ...ends, sourcePort, destinationPort, payload: question }));
  const { source, destination } = ends;
  const here = ethernet(
    udpPacket({
      source: destination,
      destination: source,
      sourcePort: destinationPort,
      destinationPort: sourcePort,
      payload: answer,
    }),
  );
  yield there;
  for (let index = 0; index < answers; index++) {
    yield here;
    if (index % 4 === 3) yield there;
  }
}

interface Ends {
  readonly source: string;
  readonly destination: string;
}

/** The Ethernet frames of all fixtures, in the order of the files' names. */
async function fixtureFrames(): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.pcap'));
  for (const name of names.sort()) {
    const file = await openCaptureFile(`${FIXTURES}/${name}`, () => process.stdin);
    const source = file.read();
    for (let batch = await source.next(); batch !== null; batch = await source.next()) {
      for (let index = 0; index < batch.count; index++) {
        if (batch.linkType[index] !== LINKTYPE_ETHERNET) continue;
        const offset = batch.offset[index] as number;
        frames.push(batch.buffer.slice(offset, offset + (batch.capturedLength[index] as number)));
      }
    }
    source.close();
    file.close();
  }
  return frames;
}

/** Numbers that look random, the same in each run (the constants of Numerical Recipes). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}
