import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writePcap } from '../support/capture-writer.ts';
import { ACK, ethernet, FIN, PSH, RST, SYN, tcpPacket, URG, udpPacket } from '../support/frames.ts';
import { framesOf, HONEST_CONNECTION, type TimedFrame } from '../support/honest-traffic.ts';
import { replayWith } from '../support/replay-in-process.ts';

const SECONDS = 1_795_354_417;
const CONFIGURATION = 'fixtures/conf/replay.conf';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-property-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines of a replay of the frames in which every port of every destination is watched. */
async function linesOf(frames: readonly TimedFrame[], salts: readonly number[]): Promise<string[][]> {
  const path = join(folder, 'capture.pcap');
  const records = frames.map(({ time, data }) => ({
    data,
    seconds: SECONDS + Math.floor(time / 1_000),
    fraction: Math.floor((time % 1_000) * 1_000),
  }));
  writeFileSync(path, writePcap({ frames: records }));
  const all: string[][] = [];
  for (const salt of salts) all.push((await replayWith(salt, [path], { configfile: CONFIGURATION })).lines);
  return all;
}

/** The accused sources, and what each is accused of. */
function accusedIn(lines: readonly string[]): string[] {
  const events = lines.map((line) => JSON.parse(line));
  return events
    .filter(({ event }) => event.action === 'probe')
    .map(({ source, destination, portsentry }) => `${source.ip} ${portsentry.kind} ${destination.port}`);
}

const HONEST = fc.array(HONEST_CONNECTION, { minLength: 5, maxLength: 60 });
const SALT = fc.nat(2 ** 32 - 1);

const SCANNER = '203.0.113.9';
const VICTIM = '192.0.2.1';

/** A scan with these flags of ten closed ports that refuse, or stay silent. */
function scan(flags: number, sourcePort: number, refuses: boolean): TimedFrame[] {
  return Array.from({ length: 10 }, (_, index) => {
    const time = 7_000 * index;
    const destinationPort = 600 + index;
    const there = { source: SCANNER, sourcePort, destination: VICTIM, destinationPort };
    const back = {
      source: VICTIM,
      sourcePort: destinationPort,
      destination: SCANNER,
      destinationPort: sourcePort,
    };
    const probe = { time, data: ethernet(tcpPacket({ ...there, flags })) };
    const answer = { time: time + 1, data: ethernet(tcpPacket({ ...back, flags: RST })) };
    const again = { time: time + 1_000, data: probe.data };
    return refuses ? [probe, answer] : [probe, again];
  }).flat();
}

test('honest connections, wherever the capture begins and ends and whatever it shows of them, accuse nobody', async () => {
  await fc.assert(
    fc.asyncProperty(HONEST, SALT, async (connections, salt) => {
      const [lines = []] = await linesOf(framesOf(connections), [salt]);
      expect(accusedIn(lines)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('a scan among honest connections is accused, and nobody else, with the same bytes for every salt', async () => {
  const flags = fc.constantFrom(SYN, FIN, 0, FIN | PSH | URG, ACK, FIN | ACK);
  await fc.assert(
    fc.asyncProperty(
      HONEST,
      flags,
      fc.integer({ min: 1, max: 65_535 }),
      fc.boolean(),
      SALT,
      SALT,
      async (connections, bits, port, refuses, one, other) => {
        const frames = [...framesOf(connections), ...scan(bits, port, refuses)].sort(
          (a, b) => a.time - b.time,
        );
        const [first = [], second] = await linesOf(frames, [one, other]);
        expect(second).toEqual(first);
        const accused = accusedIn(first);
        expect(accused.filter((who) => !who.startsWith(`${SCANNER} `))).toEqual([]);
        expect(new Set(accused).size).toBe(bits === ACK || bits === (FIN | ACK) ? 8 : 10);
      },
    ),
    { numRuns: 60 },
  );
});

test('any capture gives the same bytes with every salt', async () => {
  const host = fc.integer({ min: 1, max: 9 }).map((number) => `10.0.0.${number}`);
  const ports = fc.integer({ min: 1, max: 12 });
  const frame = fc
    .tuple(
      host,
      host,
      ports,
      ports,
      fc.constantFrom(SYN, SYN | ACK, ACK, FIN | ACK, RST, ACK | PSH, 0, -1),
      fc.nat(9_000),
    )
    .map(([source, destination, sourcePort, destinationPort, flags, time]) => {
      const ends = { source, destination, sourcePort, destinationPort };
      return { time, data: ethernet(flags < 0 ? udpPacket(ends) : tcpPacket({ ...ends, flags })) };
    });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 120 }), SALT, SALT, async (frames, one, other) => {
      const [first, second] = await linesOf(frames, [one, other]);
      expect(second).toEqual(first);
    }),
    { numRuns: 60 },
  );
});
