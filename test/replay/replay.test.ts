import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ByteInput } from '../../src/capture/file/input.ts';
import { CaptureReader } from '../../src/capture/file/reader.ts';
import { BATCH_CAPACITY } from '../../src/capture/source.ts';
import { Reason } from '../../src/decode/reason.ts';
import { Engine, type EngineParts } from '../../src/engine.ts';
import type { Address } from '../../src/net/address.ts';
import { Replay } from '../../src/replay/replay.ts';
import type { ProbeEvent, ScanEvent } from '../../src/track/event.ts';
import { OpenPorts } from '../../src/watch/open-ports.ts';
import { SeenAnswers } from '../../src/watch/seen-answers.ts';
import { SeenConnections } from '../../src/watch/seen-connections.ts';
import { configWith } from '../respond/given.ts';
import { writePcap } from '../support/capture-writer.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import { ACK, ethernet, SYN, tcpPacket, udpPacket } from '../support/frames.ts';

const SECONDS = 1_795_354_417;

function makeReplay(parts: Partial<EngineParts> = {}) {
  const probes: ProbeEvent[] = [];
  const scans: ScanEvent[] = [];
  const recorder = recorderOf({
    probe: (event) => probes.push(event),
    scan: (event) => scans.push(event),
  });
  const config = configWith({ blockTcp: 1 });
  const open = new OpenPorts(0);
  const connections = new SeenConnections(0);
  const answers = new SeenAnswers(0);
  const answersTo = (from: Address) => answers.to(from);
  const engine = new Engine(engineParts(config, recorder, { inUse: open, connections, answersTo, ...parts }));
  return {
    replay: new Replay({ engine, open, connections, answers, checkSums: true }),
    engine,
    probes,
    scans,
  };
}

/** A capture in memory. */
function source(bytes: Uint8Array): CaptureReader {
  let position = 0;
  const input: ByteInput = {
    read(into) {
      const piece = bytes.subarray(position, position + into.length);
      into.set(piece);
      position += piece.length;
      return piece.length;
    },
    close: () => {},
  };
  return new CaptureReader('memory', input);
}

const ENDS = { source: '10.0.0.1', destination: '10.0.0.2' };
/** The other direction. */
const turned = ({ source: from, destination }: typeof ENDS) => ({ source: destination, destination: from });
const syn = (destinationPort: number, fields = {}) =>
  ethernet(tcpPacket({ ...ENDS, destinationPort, flags: SYN, ...fields }));
const back = (sourcePort: number, destinationPort: number, flags: number, length = 0) =>
  ethernet(
    tcpPacket({ ...turned(ENDS), sourcePort, destinationPort, flags, payload: new Uint8Array(length) }),
  );

/**
 * Replays the frames, one per second, as `portsentry replay` does. Returns whether connections were wanted, how many
 * probes the first pass judged, and whether that was too early.
 */
async function replayFrames(
  { replay, engine }: Pick<ReturnType<typeof makeReplay>, 'replay' | 'engine'>,
  frames: readonly Uint8Array[],
) {
  const capture = () => source(writePcap({ frames: frames.map((data, seconds) => ({ data, seconds })) }));
  await replay.infer(capture());
  const inFirst = engine.probes;
  replay.endFirst();
  const tooEarly = engine.probes < inFirst;
  const wants = replay.wantsConnections;
  if (wants) await replay.learn(capture());
  const wasHeld = await replay.judgeHeld();
  if (!wasHeld) await replay.run(capture());
  return { wants, inFirst, tooEarly, readings: 1 + Number(wants) + Number(!wasHeld) };
}

test("the packets' times are the clock: a scan ends by them", async () => {
  const { replay, scans, probes } = makeReplay();
  const end = await replay.run(
    source(
      writePcap({
        frames: [
          { data: syn(1), seconds: SECONDS, fraction: 250_000 },
          { data: syn(2, { source: '10.0.0.9' }), seconds: SECONDS + 302 },
        ],
      }),
    ),
  );
  expect(end).toEqual({ status: 'complete' });
  expect(probes.map(({ time }) => time)).toEqual([SECONDS * 1_000 + 250, (SECONDS + 302) * 1_000]);
  expect(scans.map(({ source: from, first }) => [from, first])).toEqual([
    ['10.0.0.1', SECONDS * 1_000 + 250],
  ]);
});

test('the first pass judges nothing; its probes are judged when it is known which ports were in use', async () => {
  const { replay, probes } = makeReplay();
  const answer = back(22, 9, SYN | ACK);
  const bytes = writePcap({ frames: [{ data: syn(22) }, { data: answer }, { data: syn(23) }] });
  expect(await replay.infer(source(bytes))).toEqual({ status: 'complete' });
  expect([replay.packets, probes]).toEqual([3, []]);
  expect(await replay.judgeHeld()).toBe(true);
  expect([replay.packets, probes.map(({ destinationPort }) => destinationPort)]).toEqual([3, [23]]);
});

test('the end of a scan has its ports, its targets and what answered', async () => {
  const { replay, engine, scans } = makeReplay();
  const frames = [
    syn(5),
    syn(6),
    syn(22),
    back(22, 40_000, SYN | ACK),
    syn(8),
    syn(6, { destination: '10.0.0.3' }),
  ];
  await replayFrames({ replay, engine }, frames);
  engine.close();
  expect(scans).toMatchObject([
    {
      ports: 3,
      atLeast: false,
      ranges: [
        { transport: 'tcp', first: 5, last: 6 },
        { transport: 'tcp', first: 8, last: 8 },
      ],
      targets: 2,
      targetNames: ['10.0.0.2', '10.0.0.3'],
      answered: [{ address: '10.0.0.2', transport: 'tcp', port: 22 }],
    },
  ]);
});

describe('bare ACKs', () => {
  const bare = (destinationPort: number, sourcePort = 40_000) =>
    ethernet(tcpPacket({ ...ENDS, sourcePort, destinationPort, flags: ACK }));
  const scan = [bare(501), bare(502), bare(503), bare(504)];

  async function portsOf(frames: readonly Uint8Array[], infers = true): Promise<[number[], boolean]> {
    const made = makeReplay();
    let wants = false;
    if (infers) wants = (await replayFrames(made, frames)).wants;
    else await made.replay.run(source(writePcap({ frames: frames.map((data) => ({ data })) })));
    return [made.probes.map(({ destinationPort }) => destinationPort), wants];
  }

  test('without a connection are a scan, from the third port on', async () => {
    expect(await portsOf(scan)).toEqual([[503, 504], true]);
    expect(await portsOf(scan, false)).toEqual([[503, 504], false]);
  });

  test('of connections whose handshake was captured are no scan, and nothing is read again', async () => {
    const handshakes = [501, 502, 503, 504].map((port) => back(port, 40_000, SYN | ACK));
    expect(await portsOf([...handshakes, ...scan])).toEqual([[], false]);
    expect(await portsOf([...handshakes, ...scan], false)).toEqual([[], false]);
  });

  test('of connections whose data comes later are no scan: the capture is read again for the data', async () => {
    const data = [501, 502, 503, 504].map((port) => back(port, 40_000, ACK, 1_000));
    expect(await portsOf([...scan, ...data])).toEqual([[], true]);
    expect(await portsOf([...data, ...scan], false)).toEqual([[], false]);
  });
});

describe('when no one reads the records, the first pass judges many probes', () => {
  const UNHEARD = { respond: null, recorder: () => recorderOf({ listens: false }) };
  const scan = Array.from({ length: 3_000 }, (_, index) => syn(1 + (index % 1_000)));

  /** The counts of a replay of the frames, and how it got them. */
  async function read(frames: readonly Uint8Array[], parts: Partial<EngineParts> = UNHEARD) {
    const made = makeReplay(parts);
    const passes = await replayFrames(made, frames);
    made.engine.close();
    const { packets, counts } = made.replay;
    return { ...passes, totals: [packets, made.engine.probes, made.engine.scans, ...counts] };
  }

  test('and that is all when no port was in use', async () => {
    const { totals, inFirst, tooEarly } = await read(scan);
    expect([inFirst, tooEarly, ...totals.slice(0, 3)]).toEqual([3_000, false, 3_000, 3_000, 1]);
  });

  test.each([
    ['reads them', {}],
    ['acts on them', { ...UNHEARD, respond: () => new Promise<never>(() => {}) }],
  ])('not when someone %s', async (_name, parts) => {
    const { replay, engine } = makeReplay(parts);
    await replay.infer(source(writePcap({ frames: scan.map((data) => ({ data })) })));
    expect(engine.probes).toBe(0);
    replay.endFirst();
    expect(engine.probes).toBe(0);
  });

  test('and takes them back when a port was in use after all', async () => {
    const { totals, inFirst, tooEarly, readings } = await read([...scan, back(7, 9, SYN | ACK)]);
    expect([inFirst, tooEarly, ...totals.slice(0, 3)]).toEqual([3_000, true, 3_001, 2_997, 1]);
    expect(readings).toBe(1);
  });

  test.each([
    [2, 1],
    [4, 2],
    [23, 2],
  ])(
    'and of %i times as many probes takes %i readings, because it holds only the first',
    async (times, needed) => {
      const frames = [...Array.from({ length: times }, () => scan).flat(), back(7, 9, SYN | ACK)];
      const { totals, tooEarly, readings } = await read(frames);
      expect([tooEarly, readings]).toEqual([true, needed]);
      expect(totals.slice(0, 3)).toEqual([3_000 * times + 1, 3_000 * times - 3 * times, 1]);
    },
  );

  test('and never reads them a third time, also where connections are wanted that it could not hold', async () => {
    const many = Array.from({ length: 23 }, () => scan).flat();
    const bare = (destinationPort: number, sourcePort: number) =>
      ethernet(tcpPacket({ ...ENDS, sourcePort, destinationPort, flags: ACK }));
    const acks = [501, 502, 503, 504].map((port) => bare(port, 40_000));
    // A connection whose data come later, and a port that is in use.
    const later = [back(501, 40_000, ACK, 1_000), back(7, 9, SYN | ACK)];
    const frames = [...many, ...acks, ...many.slice(0, 70_000 - many.length), ...later];
    const unheard = await read(frames);
    const heard = await read(frames, {});
    expect([unheard.readings, heard.readings, unheard.wants, heard.wants]).toEqual([2, 2, true, true]);
    expect(unheard.totals).toEqual(heard.totals);
    const inUse = [...many, ...many.slice(0, 1_000)].filter((_, at) => at % 1_000 === 6).length;
    // Of the bare ACKs to three ports without a connection, the third counts.
    expect(heard.totals.slice(0, 2)).toEqual([frames.length, 70_000 - inUse + 1]);
  });

  test('any capture gives the same counts as when someone reads the records', async () => {
    const sources = fc.constantFrom('10.0.0.1', '10.0.0.7', '192.0.2.1');
    const ports = fc.integer({ min: 1, max: 30 });
    const frames = fc.tuple(fc.nat(40), sources, ports, fc.nat(3)).map(([what, from, port, other]) => {
      const ends = { source: from, destination: ENDS.destination };
      if (what === 0)
        return ethernet(
          tcpPacket({ ...turned(ends), sourcePort: port, destinationPort: 9, flags: SYN | ACK }),
        );
      if (what === 1)
        return ethernet(udpPacket({ ...turned(ends), sourcePort: 100 + port, destinationPort: 53 }));
      if (what === 2) return ethernet(tcpPacket({ ...ends, destinationPort: port, flags: ACK }));
      if (what === 3)
        return ethernet(
          tcpPacket({ ...ends, destinationPort: port, flags: ACK, sequence: 2, payload: new Uint8Array(80) }),
        );
      if (what < 10) return ethernet(udpPacket({ ...ends, destinationPort: 100 + port + other }));
      return syn(port + other, { source: from });
    });
    // Few frames are of the kinds that take probes back, so that some captures have none.
    const captures = fc
      .tuple(fc.array(frames, { minLength: 1, maxLength: 60 }), fc.array(frames, { maxLength: 4 }))
      .map(([few, last]) => [
        ...Array.from({ length: 1_500 }, (_, at) => few[at % few.length] as Uint8Array),
        ...last,
      ]);
    const seen = { judged: 0, tooEarly: 0 };
    await fc.assert(
      fc.asyncProperty(captures, async (capture) => {
        const unheard = await read(capture);
        if (unheard.tooEarly) seen.tooEarly++;
        else if (unheard.inFirst > 0) seen.judged++;
        expect(unheard.totals).toEqual((await read(capture, {})).totals);
      }),
      { numRuns: 150 },
    );
    expect(Math.min(seen.judged, seen.tooEarly)).toBeGreaterThan(5);
  });
});

test('more than can be held is read a second time, with the same result', async () => {
  const held = makeReplay();
  const readAgain = makeReplay();
  const many = Array.from({ length: 70_000 }, (_, index) => ({ data: syn(1 + (index % 1000)) }));
  const bytes = writePcap({ frames: many });
  await held.replay.infer(source(bytes));
  expect(await held.replay.judgeHeld()).toBe(false);
  expect([held.replay.packets, held.probes.length]).toEqual([0, 0]);
  await held.replay.run(source(bytes));
  await readAgain.replay.run(source(bytes));
  expect(held.replay.packets).toBe(70_000);
  expect(held.probes).toEqual(readAgain.probes);
});

test('frames are counted by reason, and only candidate probes have their checksums verified', async () => {
  const { replay } = makeReplay();
  const frames = [
    syn(1),
    syn(1, { checksum: 1 }),
    syn(2_000, { checksum: 1 }),
    ethernet(new Uint8Array(28), { etherType: 0x0806 }),
    new Uint8Array(5),
  ];
  await replay.run(source(writePcap({ frames: frames.map((data) => ({ data })) })));
  const counted = (reason: Reason) => replay.counts[reason];
  expect(replay.packets).toBe(5);
  expect([Reason.none, Reason.transportChecksum, Reason.notIp, Reason.linkHeader].map(counted)).toEqual([
    2, 1, 1, 1,
  ]);
});

test('of a truncated capture everything before the end counts', async () => {
  const { replay, probes } = makeReplay();
  const bytes = writePcap({ frames: [{ data: syn(1) }, { data: syn(2) }] });
  const end = await replay.run(source(bytes.slice(0, -1)));
  expect(end).toMatchObject({ status: 'broken' });
  expect(probes).toHaveLength(1);
});

test('more frames than fit a batch are all judged, in order', async () => {
  const { replay, probes } = makeReplay();
  const frames = Array.from({ length: 10_000 }, (_, index) => ({ data: syn(index % 1_024), seconds: index }));
  await replay.run(source(writePcap({ frames })));
  expect(probes.map(({ time }) => time)).toEqual(frames.map(({ seconds }) => seconds * 1_000));
});

test('actions end before the next batch, so that a source that goes on is blocked by then', async () => {
  let blocked = false;
  const respond: EngineParts['respond'] = (probe) =>
    new Promise((resolve) => {
      const outcome = { target: probe.source, until: null, times: 1, method: 'command', steps: [] } as const;
      setImmediate(() => {
        blocked = true;
        resolve({ ...probe, ...outcome, action: 'block', reason: null });
      });
    });
  const { replay, probes } = makeReplay({ respond, isBlocked: () => blocked });
  const frames = Array.from({ length: 3 * BATCH_CAPACITY }, (_, index) => ({
    data: syn(1 + (index % 1_000)),
  }));
  await replay.run(source(writePcap({ frames })));
  expect(probes.at(0)?.alreadyBlocked).toBe(false);
  expect(probes.at(-1)?.alreadyBlocked).toBe(true);
});
