import { describe, expect, test } from 'vitest';
import { Kind } from '../src/classify/kind.ts';
import type { Config } from '../src/config/config.ts';
import type { DetectedKind } from '../src/config/kinds.ts';
import { PortSet } from '../src/config/ports.ts';
import { ACK, FIN, PSH, SYN, URG } from '../src/decode/transport/tcp.ts';
import { Engine, type EngineParts, type EngineRecorder } from '../src/engine.ts';
import { Address } from '../src/net/address.ts';
import { PROTOCOL_UDP } from '../src/net/protocol.ts';
import { ecsLine } from '../src/record/ecs.ts';
import type { BlockEvent, Reaction, RefusedEvent } from '../src/respond/event.ts';
import { parseIgnoreFile } from '../src/respond/ignore-file.ts';
import { NeverBlock } from '../src/respond/never-block.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../src/track/event.ts';
import type { Reported } from '../src/track/reported.ts';
import { homeOfAddresses } from '../src/watch/home.ts';
import { NO_LIFELINES } from '../src/watch/lifelines.ts';
import { WatchedPorts } from '../src/watch/watched-ports.ts';
import { configWith } from './respond/given.ts';
import { ecsFaults } from './support/ecs-types.ts';
import { engineParts } from './support/engine-parts.ts';
import { address, type ProbeFields, probe, START } from './track/given.ts';

/** Records the events in short words. */
class Story implements EngineRecorder {
  readsEvents = true;
  listens = true;
  readonly lines: string[] = [];
  readonly probes: ProbeEvent[] = [];
  readonly reactions: Reaction[] = [];
  readonly scans: ScanEvent[] = [];

  probe(event: ProbeEvent, reported: Reported, reaction: Reaction): void {
    fitsSchema(event);
    this.reactions.push(reaction);
    this.probes.push(event);
    reported.unreportedProbes++;
  }
  scan(event: ScanEvent): void {
    fitsSchema(event);
    this.scans.push(event);
  }
  decoys(event: DecoysEvent): void {
    fitsSchema(event);
    const { members, spared } = event;
    this.lines.push(`decoys ${members.join(' ')}${spared ? '' : ', not spared'}`);
  }
  forget(source: string): void {
    this.lines.push(`forget ${source}`);
  }
  refused(event: RefusedEvent): void {
    fitsSchema(event);
    const { source, rule } = event;
    this.lines.push(`refused ${source}: ${rule}`);
  }
  spared({ source, ignored }: ProbeEvent): void {
    this.lines.push(`spared ${source}: ${ignored}`);
  }
  block(event: BlockEvent, probe: ProbeDetails): void {
    fitsSchema(event);
    const { action, source, destinationPort } = event;
    const other = probe.source === source ? '' : ` for ${probe.source}`;
    this.lines.push(`${action} ${source} port ${destinationPort}${other}`);
  }
  unblocked({ source }: ProbeDetails): void {
    this.lines.push(`unblocked ${source}`);
  }
}

/** Every event of these tests becomes a document that Elasticsearch takes. */
function fitsSchema(event: Parameters<typeof ecsLine>[0]): void {
  expect(ecsFaults(ecsLine(event))).toEqual([]);
}

/** A running action; the test decides how it ends. */
interface Action {
  readonly details: ProbeDetails;
  end(worked: boolean): Promise<void>;
}

function makeEngine(settings: Partial<Config> = {}, parts: Partial<EngineParts> = {}) {
  const config = configWith({ blockTcp: 1, blockUdp: 1, killRoute: 'true', ...settings });
  const story = new Story();
  const never = new NeverBlock();
  const actions: Action[] = [];
  const blocked = new Set<string>();
  const respond = (details: ProbeDetails) =>
    new Promise<BlockEvent>((resolve) => {
      const end = async (worked: boolean) => {
        if (worked) blocked.add(details.source);
        resolve({
          ...details,
          action: worked ? 'block' : 'block-failed',
          target: details.source,
          until: null,
          times: 1,
          method: 'command',
          steps: [],
          reason: worked ? null : 'no',
        });
        // The engine learns of it in the next turn.
        await new Promise((turn) => setImmediate(turn));
      };
      actions.push({ details, end });
    });
  const engine = new Engine(
    engineParts(config, story, {
      ruleFor: (source, evidence) => never.match(source, evidence),
      isBlocked: (_source, text) => blocked.has(text),
      respond,
      salt: 1,
      ...parts,
    }),
  );
  const take = (...probes: ProbeFields[]) => {
    for (const fields of probes) engine.take(probe(fields));
  };
  return { engine, story, never, actions, blocked, take, config };
}

describe('watched packets', () => {
  const watches = (engine: Engine, fields: ProbeFields) => engine.watches(probe(fields), probe(fields).kind);

  test('are those to a watched port of ours', () => {
    const { engine } = makeEngine({}, { home: homeOfAddresses([address('10.0.0.2')]) });
    expect(watches(engine, { port: 1023 })).toBe(true);
    expect(watches(engine, { port: 1024 })).toBe(false);
    expect(watches(engine, { kind: Kind.udp, port: 1023 })).toBe(true);
    expect(watches(engine, { destination: '10.0.0.3' })).toBe(false);
  });

  test('are impossible segments to every port, in use or not, that is not excluded', () => {
    const advancedExcludeTcp = PortSet.of([{ first: 113, last: 113 }]);
    const { engine } = makeEngine({ advancedExcludeTcp }, { inUse: { has: () => true } });
    for (const kind of [Kind.null, Kind.fin, Kind.xmas, Kind.odd]) {
      expect(watches(engine, { kind, port: 1024 })).toBe(true);
      expect(watches(engine, { kind, port: 113 })).toBe(false);
      expect(engine.isInUse(probe({ kind }), kind)).toBe(false);
    }
    expect(engine.isInUse(probe(), Kind.syn)).toBe(true);
  });

  test('are not those from us to ourselves, unless the local check is off', () => {
    const own = { source: '10.0.0.2', destination: '10.0.0.2' };
    expect(watches(makeEngine().engine, own)).toBe(false);
    expect(watches(makeEngine({}, { localCheck: false }).engine, own)).toBe(true);
  });

  test('from us to ourselves are told, but only those that were watched', () => {
    const told: string[] = [];
    const onLocal = (source: Address) => void told.push(source.toString());
    const own = { source: '10.0.0.2', destination: '10.0.0.2' };
    const { engine } = makeEngine({}, { onLocal, home: homeOfAddresses([address('10.0.0.2')]) });
    watches(engine, { ...own, port: 80 });
    watches(engine, { ...own, port: 1024 });
    watches(engine, { source: '10.0.0.3', destination: '10.0.0.3', port: 80 });
    expect(told).toEqual(['10.0.0.2']);
  });

  test('are checked for a port in use by protocol, address, port and time', () => {
    const asked: unknown[] = [];
    const inUse = { has: (...what: unknown[]) => asked.push(what) > 0 };
    const { engine } = makeEngine({}, { inUse });
    expect(engine.isInUse(probe({ kind: Kind.udp, port: 53, at: 7 }), Kind.udp)).toBe(true);
    expect(asked).toEqual([[17, address('10.0.0.2'), 53, expect.objectContaining({ time: START + 7 })]]);
  });
});

test('impossible packets are probes on every port of ours that is not excluded, in use or not', () => {
  const inUse = { has: () => true };
  const { engine } = makeEngine({ advancedExcludeTcp: PortSet.of([{ first: 113, last: 113 }]) }, { inUse });
  const judged = (kind: Kind, tcpFlags: number, port: number) => {
    const one = Object.assign(probe({ kind, port }), { tcpFlags });
    return [engine.watches(one, kind), engine.isInUse(one, kind)];
  };
  for (const port of [22, 50_000]) {
    expect(judged(Kind.null, 0, port)).toEqual([true, false]);
    expect(judged(Kind.fin, FIN, port)).toEqual([true, false]);
    expect(judged(Kind.odd, SYN | FIN | ACK, port)).toEqual([true, false]);
  }
  expect(judged(Kind.fin, FIN, 113)[0]).toBe(false);
  expect(judged(Kind.odd, PSH | URG, 50_000)[0]).toBe(false);
  expect(judged(Kind.odd, PSH | URG, 22)).toEqual([true, true]);
  expect(judged(Kind.syn, SYN, 22)).toEqual([true, true]);
});

describe('weak kinds', () => {
  const ack = (port: number): ProbeFields => ({ kind: Kind.ack, port });

  test('do not count before the third port, which is the first connect', () => {
    const { engine, take, story } = makeEngine();
    take(ack(1), ack(2), ack(1));
    expect([story.probes, engine.probes, engine.tracker.size]).toEqual([[], 0, 0]);
    take(ack(3));
    expect(story.probes).toMatchObject([{ kind: 'ack', destinationPort: 3, connects: 1, triggered: true }]);
  });

  test('belong to a connection even where ports in use are watched', () => {
    const { engine } = makeEngine(
      {},
      { connections: { holds: ({ destinationPort }) => destinationPort === 7 } },
    );
    expect(engine.isInUse(probe(ack(7)), Kind.ack)).toBe(true);
    expect(engine.isInUse(probe(ack(8)), Kind.ack)).toBe(false);
    expect(engine.isInUse(probe({ port: 7 }), Kind.syn)).toBe(false);
  });

  test('a look at the connections before the third port forgets the ports in use', () => {
    const used = new Set<number>();
    const { engine, take, story } = makeEngine(
      {},
      { connections: { holds: ({ destinationPort }) => used.has(destinationPort) } },
    );
    take(ack(1), ack(2));
    expect(engine.isDecisive(probe(ack(3)))).toBe(true);
    used.add(1).add(2);
    engine.recheck(probe(ack(3)));
    take(ack(3), ack(4));
    expect(story.probes).toEqual([]);
    take(ack(5));
    expect(story.probes).toHaveLength(1);
  });
});

test('SCTP and IP protocols follow the TCP mode and BLOCK_TCP; pings never trigger', () => {
  const { take, story } = makeEngine({ blockTcp: 0, blockUdp: 1, detect: kinds('sctp-init', 'icmp') });
  take({ kind: Kind['sctp-init'], port: 9 }, { kind: Kind.icmp, port: 8 });
  expect(story.probes).toMatchObject([
    { transport: 'sctp', mode: 'atcp', noBlock: true, triggered: true, connects: 1 },
    { transport: 'icmp', mode: 'atcp', noBlock: true, triggered: false, connects: 1 },
  ]);
});

test('DETECT selects the kinds', () => {
  const { engine } = makeEngine({ detect: kinds('syn', 'ip-protocol') });
  const watches = (fields: ProbeFields) => engine.watches(probe(fields), probe(fields).kind);
  expect(watches({})).toBe(true);
  expect(watches({ kind: Kind['ip-protocol'], port: 99 })).toBe(true);
  for (const kind of [Kind.fin, Kind.udp, Kind.ack, Kind.icmp, Kind['sctp-init']])
    expect(watches({ kind })).toBe(false);
});

test('a datagram like those of traceroute has a note', () => {
  const { engine, story } = makeEngine({ advancedPortsUdp: 65_535 });
  const datagram = probe({ kind: Kind.udp, port: 33_440 });
  for (const ttl of [3, 50]) engine.take(Object.assign(datagram, { ttl }));
  expect(story.probes).toMatchObject([{ note: 'traceroute-like' }, { note: null }]);
});

function kinds(...names: DetectedKind[]): DetectedKind[] {
  return names;
}

test('an event has all fields of its probe', () => {
  const { take, story } = makeEngine({ scanTrigger: 1, blockUdp: 0 });
  take({ kind: Kind.udp, source: 'fd00::1', destination: 'fd00::2', port: 9, at: 3 });
  expect(story.probes).toEqual([
    {
      action: 'probe',
      time: START + 3,
      mode: 'audp',
      kind: 'udp',
      transport: 'udp',
      family: 6,
      source: 'fd00::1',
      sourcePort: 41302,
      destination: 'fd00::2',
      destinationPort: 9,
      tcpFlags: 0,
      ipOptions: false,
      fragmented: false,
      connects: 1,
      triggered: false,
      ignored: null,
      isSilent: false,
      repeat: false,
      note: null,
      noBlock: true,
      alreadyBlocked: false,
      evidence: 'spoofable',
      tool: null,
      decoy: false,
    },
  ]);
});

describe('per source, in this order: never-block, trigger, already blocked, actions', () => {
  test('before the trigger nothing is done to any source', () => {
    const { take, story, actions, never } = makeEngine({ scanTrigger: 1 });
    never.setOwn([address('10.0.0.9')], []);
    take({}, { source: '10.0.0.9' });
    expect([story.lines, actions]).toEqual([[], []]);
  });

  test.each([
    ['an own address', '10.0.0.9', 'own address 10.0.0.9'],
    ['the ignore file', '192.0.2.7', 'ignore file f:1 192.0.2.0/24'],
    ['a gateway', '10.0.0.254', 'default gateway 10.0.0.254 of eth0'],
    ['loopback', '127.0.0.1', 'loopback 127.0.0.0/8'],
    ['multicast', '224.0.0.5', 'multicast 224.0.0.0/4'],
    ['unspecified', '0.0.0.0', 'unspecified 0.0.0.0/8'],
    ['broadcast', '255.255.255.255', 'broadcast 255.255.255.255'],
  ])('%s is refused, once, and never acted on', (_name, source, rule) => {
    const { take, story, actions, never } = makeEngine();
    never.setOwn([address('10.0.0.9')], []);
    never.setIgnore(parseIgnoreFile('192.0.2.0/24\n', 'f').entries);
    never.setLifelines({
      ...NO_LIFELINES,
      gateways: [{ address: address('10.0.0.254'), of: 'eth0', isDefault: true }],
    });
    take({ source, port: 1 }, { source, port: 2 });
    expect([story.lines, actions]).toEqual([[`refused ${source}: ${rule}`], []]);
    expect(story.probes.map(({ ignored }) => ignored)).toEqual([rule, rule]);
  });

  test.each([0, 1] as const)(
    'with BLOCK="%i" a spared source has its scan, and never a line in the history',
    (block) => {
      const { engine, take, story, actions, never } = makeEngine({ blockTcp: block });
      never.setOwn([address('10.0.0.9')], []);
      take({ source: '10.0.0.9', port: 1 }, { source: '10.0.0.9', port: 2 });
      engine.close();
      expect([story.lines, actions]).toEqual([
        ['refused 10.0.0.9: own address 10.0.0.9', 'forget 10.0.0.9'],
        [],
      ]);
      expect(story.probes.map(({ isSilent, triggered }) => [isSilent, triggered])).toEqual([
        [false, true],
        [false, true],
      ]);
      expect(story.scans).toMatchObject([{ source: '10.0.0.9', probes: 2, triggered: true }]);
    },
  );

  test('a source of the ignore file is silent: its scan counts as one that nobody need read of', () => {
    const { engine, take, story, never } = makeEngine();
    never.setIgnore(parseIgnoreFile('10.0.0.1\n', 'f').entries);
    take({ port: 1 }, { port: 2 });
    engine.close();
    expect(story.probes.map(({ isSilent }) => isSilent)).toEqual([true, true]);
    expect(story.scans).toMatchObject([{ probes: 2, triggered: false }]);
  });

  test('the rule is checked at each probe: a source that is spared later is not blocked', () => {
    const { take, story, actions, never } = makeEngine({ scanTrigger: 1 });
    take({ port: 1 });
    never.setIgnore(parseIgnoreFile('10.0.0.1\n', 'f').entries);
    take({ port: 2 });
    expect([story.lines, actions]).toEqual([['refused 10.0.0.1: ignore file f:1 10.0.0.1'], []]);
  });
});

describe('BLOCK="0" only logs', () => {
  test('the history has a source once, until it has been quiet for SCAN_WINDOW', () => {
    const { take, story, actions } = makeEngine({ blockTcp: 0, scanWindow: 100_000 });
    take({ port: 1 }, { port: 2 }, { port: 3, at: 99_999 });
    expect([story.lines, actions]).toEqual([['unblocked 10.0.0.1'], []]);
    take({ port: 4, at: 200_000 });
    expect(story.lines).toEqual(['unblocked 10.0.0.1', 'unblocked 10.0.0.1']);
  });

  test('for one transport, while the other blocks', () => {
    const { take, actions } = makeEngine({ blockTcp: 0 });
    take({ port: 1 }, { port: 2, kind: Kind.udp });
    expect(actions.map(({ details }) => details.destinationPort)).toEqual([2]);
  });
});

describe('what a probe leads to at once', () => {
  test('is begun, under way, or nothing for a blocked source', async () => {
    const { story, take, actions } = makeEngine();
    take({ port: 1 }, { port: 2 });
    await actions[0]?.end(true);
    take({ port: 3 });
    expect(story.reactions).toEqual(['begun', 'under way', 'none']);
  });

  test('is held back for a source that is not admitted, and with BLOCK_SPOOFABLE="0"', () => {
    const refused = makeEngine({}, { admits: () => false });
    refused.take({ port: 1 });
    const spoofable = makeEngine({ blockSpoofable: false });
    spoofable.take({ port: 1 }, { port: 2, kind: Kind.connect });
    expect([...refused.story.reactions, ...spoofable.story.reactions]).toEqual([
      'held back',
      'held back',
      'begun',
    ]);
  });

  test('is nothing where it is only logged', () => {
    const { story, take } = makeEngine({ blockTcp: 0 });
    take({ port: 1 });
    expect(story.reactions).toEqual(['none']);
  });
});

describe('a block', () => {
  test('of two probes in one millisecond is one, whatever comes while it runs', async () => {
    const { take, story, actions } = makeEngine();
    take({ port: 1 }, { port: 2 }, { port: 3, at: 5_000 });
    expect(actions).toHaveLength(1);
    await actions[0]?.end(true);
    take({ port: 4, at: 6_000 });
    expect(actions).toHaveLength(1);
    expect(story.lines).toEqual(['block 10.0.0.1 port 1']);
    expect(story.probes.map(({ alreadyBlocked }) => alreadyBlocked)).toEqual([false, false, false, true]);
  });

  test('that failed is retried at a later probe: at once, then after 1 s, 2 s', async () => {
    const { take, story, actions } = makeEngine();
    const begun: boolean[] = [];
    for (const [port, at] of [0, 0, 999, 1_000, 2_999, 3_000].entries()) {
      const before = actions.length;
      take({ port: port + 1, at });
      begun.push(actions.length > before);
      if (actions.length > before) await actions[before]?.end(false);
    }
    expect(begun).toEqual([true, true, false, true, false, true]);
    expect(story.lines).toEqual([1, 2, 4, 6].map((port) => `block-failed 10.0.0.1 port ${port}`));
    take({ port: 9, at: 60_000 });
    await actions.at(-1)?.end(true);
    take({ port: 10, at: 120_000 });
    expect(actions).toHaveLength(5);
  });

  test('is known even when the tracker has forgotten the source', async () => {
    const { engine, take, story, actions } = makeEngine();
    take({ port: 1 });
    await actions[0]?.end(true);
    engine.tracker.close();
    take({ port: 2, at: 1_000 });
    expect(actions).toHaveLength(1);
    expect(story.probes.at(-1)).toMatchObject({ alreadyBlocked: true, connects: 1 });
  });

  test("is the old owner's when the slot changes hands while the action runs", async () => {
    const { engine, take, story, actions, blocked } = makeEngine();
    take({ port: 1 });
    engine.tracker.close();
    // The first free slot is the one that 10.0.0.1 had.
    take({ source: '10.0.0.7', port: 2 });
    await actions[0]?.end(true);
    expect(engine.tracker.get(address('10.0.0.7'))?.failures).toBe(0);
    expect([...blocked]).toEqual(['10.0.0.1']);
    await actions[1]?.end(false);
    expect(engine.tracker.get(address('10.0.0.7'))?.failures).toBe(1);
    expect(story.lines.filter((line) => line.startsWith('block'))).toEqual([
      'block 10.0.0.1 port 1',
      'block-failed 10.0.0.7 port 2',
    ]);
  });

  test('is not made twice when a source is forgotten and returns while its action runs', async () => {
    const { engine, take, story, actions } = makeEngine();
    take({ port: 1 });
    engine.tracker.close();
    take({ port: 2 });
    expect(actions).toHaveLength(1);
    await actions[0]?.end(true);
    expect(story.lines.filter((line) => line.startsWith('block'))).toEqual(['block 10.0.0.1 port 1']);
    take({ port: 3 });
    expect(story.probes.at(-1)).toMatchObject({ alreadyBlocked: true });
  });

  test('is made for each of many sources at once', async () => {
    const { engine, story, actions } = makeEngine();
    for (let host = 0; host < 1_000; host++) {
      // Each with its own source port, or they would be decoys.
      const received = probe({ sourcePort: 1_024 + (host % 64) * 1_000 });
      received.source.set(Address.v4(0x0a010000 + host));
      engine.take(received);
      engine.take(received);
    }
    expect(new Set(actions.map(({ details }) => details.source)).size).toBe(1_000);
    expect(actions).toHaveLength(1_000);
    for (const action of actions) void action.end(true);
    await engine.settle();
    expect(story.lines).toHaveLength(1_000);
  });
});

test('settle waits for all running actions, also those begun meanwhile', async () => {
  const { engine, take, actions } = makeEngine();
  take({ port: 1 });
  let settled = false;
  const settling = engine.settle().then(() => {
    settled = true;
  });
  take({ source: '10.0.0.7' });
  await actions[0]?.end(true);
  expect(settled).toBe(false);
  await actions[1]?.end(true);
  await settling;
  expect(settled).toBe(true);
});

test('a source that is not admitted is only reported, and tried again at each probe', () => {
  const asked: number[] = [];
  const admits = (connects: number) => asked.push(connects) > 0 && connects >= 3;
  const { take, actions, story } = makeEngine({}, { admits });
  take({ port: 1 }, { port: 2 }, { port: 2 }, { port: 3 }, { port: 4 });
  expect(asked).toEqual([1, 2, 2, 3]);
  expect(actions.map(({ details }) => details.destinationPort)).toEqual([3]);
  expect(story.probes).toHaveLength(5);
});

test('a dry run reports everything and does nothing', () => {
  const { take, story, engine } = makeEngine({}, { respond: null });
  take({ port: 1 }, { port: 2 });
  expect([story.probes.length, story.lines, engine.probes]).toEqual([2, [], 2]);
});

test('without a reader probes are only counted', () => {
  const { take, story, engine } = makeEngine({}, { respond: null });
  story.listens = false;
  take({ port: 1 }, { port: 2 });
  expect([story.probes.length, engine.probes]).toEqual([0, 2]);
  engine.close();
  expect([engine.scans, story.scans[0]?.probes]).toEqual([1, 2]);
});

test('new settings keep tracked sources and blocks', async () => {
  const { engine, take, actions, config, story } = makeEngine({ scanTrigger: 9 });
  take({ port: 1 }, { port: 2 });
  const watched = new WatchedPorts(config, { tcp: 'atcp', udp: null });
  engine.configure({ config: { ...config, scanTrigger: 2 }, modes: { tcp: 'atcp', udp: null }, watched });
  take({ port: 3 });
  await actions[0]?.end(true);
  expect(story.lines).toEqual(['block 10.0.0.1 port 3']);
  expect(engine.watches(probe({ kind: Kind.udp }), Kind.udp)).toBe(false);
});

test('at the end of a scan, unreported probes come before the summary', () => {
  const { engine, take, story } = makeEngine({ blockTcp: 0 });
  take({ port: 1 }, { port: 2 });
  engine.close();
  expect(story.lines).toEqual(['unblocked 10.0.0.1', 'forget 10.0.0.1']);
  expect(story.scans).toHaveLength(1);
  expect(engine.scans).toBe(1);
});

describe('decoys', () => {
  /** The same packet from each source, as nmap sends it. */
  const batch = (port: number, at: number, sources = ['203.0.113.1', '203.0.113.2', '10.0.0.1']) =>
    sources.map((source) => ({ source, port, at, window: 1_024, sequence: 77 }));

  test('do not delay the action on a lone first probe', () => {
    const { take, actions } = makeEngine();
    take(...batch(23, 0, ['10.0.0.1']));
    expect(actions).toHaveLength(1);
  });

  test('are only logged, and blocks made before they were known are released', async () => {
    const takenBack: string[] = [];
    const { engine, take, actions, story } = makeEngine({}, { takeBack: (source) => takenBack.push(source) });
    take(...batch(23, 0), ...batch(24, 1));
    expect(story.lines).toEqual(['decoys 203.0.113.1 203.0.113.2']);
    expect(story.probes.map(({ decoy, evidence }) => [decoy, evidence])).toEqual([
      [false, 'spoofable'],
      ...Array(5).fill([true, 'spoofable']),
    ]);
    expect(actions.map(({ details }) => details.source)).toEqual(['203.0.113.1']);
    expect(takenBack).toEqual([]);
    await actions[0]?.end(true);
    expect(takenBack).toEqual(['203.0.113.1']);
    engine.close();
    expect(story.scans).toMatchObject([
      { shape: 'decoy', sources: 3, probes: 6, ports: 2, triggered: true, first: START, last: START + 1 },
    ]);
    expect(story.scans[0]?.decoys).toEqual(['203.0.113.1', '203.0.113.2', '10.0.0.1']);
    expect(engine.scans).toBe(1);
  });

  test('that are blocked already are released at once, but not from a block of an earlier scan', async () => {
    const takenBack: string[] = [];
    const parts = { takeBack: (source: string) => void takenBack.push(source) };
    const { take, actions, blocked } = makeEngine({}, parts);
    blocked.add('203.0.113.2');
    take(...batch(23, 0, ['203.0.113.1']));
    await actions[0]?.end(true);
    take(...batch(23, 5, ['203.0.113.2']));
    expect(takenBack).toEqual(['203.0.113.1']);
  });

  test('that go on alone are blocked', () => {
    const { take, actions } = makeEngine({}, { takeBack: () => {} });
    take(...batch(23, 0));
    for (const port of [1, 2, 3]) take({ port, at: 1_000 + port, window: 64_240, sourcePort: 50_000 + port });
    expect(actions.map(({ details }) => [details.source, details.destinationPort])).toEqual([
      ['203.0.113.1', 23],
      ['10.0.0.1', 3],
    ]);
  });

  test('that are proven to read our answers are none, and are blocked', () => {
    let isProven = false;
    const reacts = (source: Address) => isProven && source.toString() === '10.0.0.1';
    const { take, actions, story } = makeEngine({ blockSpoofable: false }, { reacts });
    take(...batch(23, 0), ...batch(24, 1));
    isProven = true;
    take(...batch(25, 2));
    expect(actions.map(({ details }) => details.source)).toEqual(['10.0.0.1']);
    expect(story.probes.slice(-3).map(({ source, decoy, evidence }) => [source, decoy, evidence])).toEqual([
      ['203.0.113.1', true, 'spoofable'],
      ['203.0.113.2', true, 'spoofable'],
      ['10.0.0.1', false, 'reacts'],
    ]);
  });

  test('are not in the history that other programs block by', () => {
    const { take, story } = makeEngine({ blockTcp: 0 });
    take(...batch(23, 0), ...batch(24, 1));
    expect(story.lines.filter((line) => line.startsWith('unblocked'))).toEqual(['unblocked 203.0.113.1']);
  });

  test('are blocked like any source with DECOY_POLICY="block"', () => {
    const { take, actions, story } = makeEngine({ decoyPolicy: 'block' });
    take(...batch(23, 0));
    expect(actions).toHaveLength(3);
    expect(story.lines).toEqual(['decoys 203.0.113.1 203.0.113.2, not spared']);
  });

  test('have one scan, reported after the last member is quiet', () => {
    const { engine, take, story } = makeEngine();
    take(...batch(23, 0));
    take({ source: '10.0.0.9', port: 1, sourcePort: 1, at: 302_000 });
    take(...batch(24, 310_000));
    expect(story.scans.map(({ source, probes }) => [source, probes])).toEqual([['203.0.113.1', 3]]);
    expect(story.probes.at(-1)?.decoy).toBe(true);
    engine.close();
    expect(story.scans.filter(({ shape }) => shape === 'decoy')).toMatchObject([
      { probes: 3 },
      { probes: 6 },
    ]);
  });
});

test('an address is not blocked while its network is held for packets that can be forged', () => {
  const isNetworkHeld = ({ evidence }: ProbeEvent) => evidence === 'spoofable';
  const { take, actions, story } = makeEngine({}, { isNetworkHeld });
  take({ port: 1 }, { port: 2 });
  expect(story.reactions).toEqual(['held back', 'begun']);
  expect(actions).toHaveLength(1);
});

describe('BLOCK_SPOOFABLE="0"', () => {
  test('blocks nobody for packets that one forger could have sent blind, however many (fault 23)', () => {
    const { take, actions, story } = makeEngine({ blockSpoofable: false });
    take(...Array.from({ length: 100 }, (_, index) => ({ port: 1 + index, at: index * 1_000 })));
    expect(actions).toEqual([]);
    expect(story.probes.slice(0, 3).map(({ evidence }) => evidence)).toEqual([
      'spoofable',
      'repeated',
      'repeated',
    ]);
  });

  test('is satisfied by a source that reacts to what this host sends', () => {
    let isProven = false;
    const reacts = (source: Address) => isProven && source.toString() === '10.0.0.1';
    const { take, actions, story } = makeEngine({ blockSpoofable: false }, { reacts });
    take({ port: 1 });
    isProven = true;
    take({ port: 2 }, { source: '10.0.0.9', port: 2 });
    expect(actions.map(({ details }) => details.source)).toEqual(['10.0.0.1']);
    expect(story.probes.map(({ evidence }) => evidence)).toEqual(['spoofable', 'reacts', 'spoofable']);
  });

  test('is satisfied by a handshake of the very address, not of another one of its network', () => {
    const { take, actions } = makeEngine({ blockSpoofable: false });
    take({ source: '2001:db8::1', kind: Kind.connect }, { source: '2001:db8::2', port: 9 });
    take({ source: '2001:db8::2', port: 10 });
    expect(actions.map(({ details }) => details.source)).toEqual(['2001:db8::1']);
  });

  test('is satisfied by an accepted connection, but not by a datagram to a listener', () => {
    const { engine, take, actions, story } = makeEngine({ blockSpoofable: false });
    const datagram = probe({ source: '10.0.0.8', kind: Kind.connect });
    datagram.protocol = PROTOCOL_UDP;
    engine.take(datagram);
    take({ kind: Kind.connect }, { port: 9, at: 1 });
    expect(actions.map(({ details }) => details.source)).toEqual(['10.0.0.1']);
    expect(story.probes.map(({ evidence }) => evidence)).toEqual(['spoofable', 'handshake', 'handshake']);
  });

  test('holds back the line in the history too', () => {
    const { take, story } = makeEngine({ blockSpoofable: false, blockTcp: 0 });
    take({ port: 1 });
    expect(story.lines).toEqual([]);
    take({ port: 2, kind: Kind.connect });
    expect(story.lines).toEqual(['unblocked 10.0.0.1']);
  });
});

describe('the event of a scan has the best evidence of its probes', () => {
  const evidenceOf = ({ scans }: Story) => scans.map(({ source, evidence }) => [source, evidence]);

  test('one for each source', () => {
    const reacts = (source: Address) => source.toString() === '10.0.0.7';
    const { engine, take, story } = makeEngine({}, { reacts });
    take({ source: '10.0.0.5', port: 1 });
    take({ source: '10.0.0.6', port: 1, at: 1_000 }, { source: '10.0.0.6', port: 2, at: 2_000 });
    take({ source: '10.0.0.7', port: 3, at: 3_000 });
    take({ source: '10.0.0.8', port: 4, at: 4_000, kind: Kind.connect });
    take({ source: '10.0.0.8', port: 5, at: 5_000 });
    engine.close();
    expect(evidenceOf(story).toSorted()).toEqual([
      ['10.0.0.5', 'spoofable'],
      ['10.0.0.6', 'repeated'],
      ['10.0.0.7', 'reacts'],
      ['10.0.0.8', 'handshake'],
    ]);
  });

  test('also when SCAN_WINDOW has forgotten the attempts since then', () => {
    const { engine, take, story } = makeEngine({ scanWindow: 60_000 });
    take({ port: 1 }, { port: 2, at: 1 }, { port: 3, at: 100_000 });
    expect(story.probes.at(-1)?.evidence).toBe('spoofable');
    engine.close();
    expect(evidenceOf(story)).toEqual([['10.0.0.1', 'repeated']]);
  });

  test('a group of decoys proves nothing, and a new scan does not inherit a proof', () => {
    const { engine, take, story } = makeEngine();
    const decoy = { window: 1_024, sequence: 77 };
    for (const port of [23, 24])
      take({ ...decoy, source: '203.0.113.1', port }, { ...decoy, source: '203.0.113.2', port });
    take({ port: 1, at: 1_000, kind: Kind.connect });
    const later = Array.from({ length: 20 }, (_, index) => ({ port: 100 + index, at: 2_000 + index }));
    take(...later, { port: 1, at: 10_000_000 });
    engine.close();
    expect(evidenceOf(story)).toEqual([
      ['203.0.113.1', 'spoofable'],
      ['10.0.0.1', 'handshake'],
      // The attempts of SCAN_WINDOW still count.
      ['10.0.0.1', 'repeated'],
    ]);
  });
});

test('an event names the tool of its probe, a scan that of most probes', () => {
  const { engine, take, story } = makeEngine();
  take({ port: 1, identification: 54_321, sequence: 1 }, { port: 2, identification: 54_321, sequence: 5 });
  take({ port: 3, sequence: 9 });
  engine.close();
  expect(story.probes.map(({ tool }) => tool)).toEqual(['zmap', 'zmap', null]);
  expect(story.scans.map(({ tool }) => tool)).toEqual(['zmap']);
});
