import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import type { Config } from '../../src/config/config.ts';
import type { Modes } from '../../src/config/modes.ts';
import { PortSet } from '../../src/config/ports.ts';
import { LiveControlHandlers } from '../../src/daemon/control-handlers.ts';
import { logDestinations } from '../../src/daemon/outputs.ts';
import { Reason, reasonText } from '../../src/decode/reason.ts';
import { Engine } from '../../src/engine.ts';
import type { LedgerEntry } from '../../src/ledger/entry.ts';
import { PROTOCOL_UDP } from '../../src/net/protocol.ts';
import { Notifier } from '../../src/notify/notifier.ts';
import type { Ports } from '../../src/record/start-lines.ts';
import { SocketTable } from '../../src/watch/sockets.ts';
import { WatchedPorts } from '../../src/watch/watched-ports.ts';
import { STATUS } from '../control/given.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import { probe } from '../track/given.ts';
import { listsOf, makeBlockManager, preparedWith } from './given.ts';

/** The source of the probes of `probe()`. */
const SOURCE = '10.0.0.1';
const MODES: Modes = { tcp: 'atcp', udp: 'audp' };
const NO_PORTS = new PortSet();
const range = (first: number, last: number) => PortSet.of([{ first, last }]);

const STARTED_AT = Date.now() - 3_600_000;

/** Below the ports that the kernel gives to clients. */
const PORT = 21_640;

interface Given {
  readonly settings?: Partial<Config>;
  readonly modes?: Modes;
  readonly dryRun?: boolean;
  /** The ports that the connect modes listen on. */
  readonly listening?: Ports;
}

/** Handlers over a started block manager and an engine that acts on nobody; `sends` takes probes of SOURCE. */
async function given({ settings = {}, modes = MODES, dryRun = false, listening }: Given) {
  const { manager, config, queue } = makeBlockManager(settings, undefined, dryRun);
  await manager.start();
  const engine = new Engine(engineParts(config, recorderOf({}), {}, modes));
  const sockets = new SocketTable('/proc/self/net');
  sockets.lookAtAll(Date.now());
  const reported: LedgerEntry[] = [];
  const handlers = new LiveControlHandlers({
    version: '3.0.0',
    startedAt: STARTED_AT,
    dryRun,
    destinations: logDestinations(['stdout']),
    prepared: () => preparedWith(config, modes),
    watched: () => new WatchedPorts(config, modes),
    blockManager: manager,
    engine,
    sockets,
    listening: () => listening ?? { tcp: NO_PORTS, udp: NO_PORTS },
    queue,
    interfaces: () => ['eth0'],
    counts: () =>
      new Map([
        [Reason.none, 7],
        [Reason.fragment, 2],
      ] as [number, number][]),
    duplicates: () => 3,
    sensor: async () => STATUS.sensor,
    knownServices: () => [{ protocol: PROTOCOL_UDP, address: null, port: 53, lastSeen: STARTED_AT }],
    coinTests: { progressOf: () => null },
    lists: listsOf({}).lists,
    metrics: { read: async () => '' },
    metricsOutputs: { health: () => [] },
    notifier: new Notifier(
      { origin: { host: 'h', version: '3.0.0' }, now: Date.now, toWall: (time) => time, tell: () => {} },
      config,
    ),
    share: () => null,
    onBlock: (entry) => reported.push(entry),
  });
  const sends = (...ports: number[]) => {
    for (const port of ports) engine.take(probe({ port, kind: Kind.syn }));
  };
  const block = (target: string, forMs: number | null = null) =>
    handlers.block({ target, forMs, why: null, session: [] });
  return { handlers, manager, sends, block, reported };
}

test('the status sums up what the daemon does', async () => {
  const { handlers, block, sends, reported } = await given({});
  await block('192.0.2.1');
  sends(1, 2);
  const status = await handlers.status();
  expect(status).toMatchObject({
    version: '3.0.0',
    pid: process.pid,
    modes: ['atcp', 'audp'],
    interfaces: ['eth0'],
    interfacesAsked: ['lo'],
    startedAt: STARTED_AT,
    frames: 9,
    duplicates: 3,
    probes: 2,
    sources: 1,
    blocks: { inForce: 1, unknown: 0, due: 1 },
    method: { name: 'null', how: 'set by BLOCK_METHOD' },
    dryRun: false,
    breaker: { open: false, threshold: 300 },
    sensor: { name: 'packet' },
    knownServices: [{ transport: 'udp', address: null, port: 53, lastSeen: STARTED_AT }],
  });
  expect(status.undecoded).toEqual({ [reasonText(Reason.fragment)]: 2 });
  expect(status.uptime).toBeGreaterThanOrEqual(3_600);
  expect(reported.map((entry) => entry.block.target)).toEqual(['192.0.2.1']);
});

test('the status of a daemon that only logs names no method', async () => {
  const { handlers } = await given({ settings: { blockTcp: 0 } });
  expect((await handlers.status()).method.name).toBe('none');
});

test.each<[string, Given, object | null]>([
  ['the first watched TCP port', {}, { transport: 'tcp', port: 1 }],
  [
    'the first watched TCP port that is free',
    { modes: { tcp: 'stcp', udp: null }, settings: { tcpPorts: range(PORT, PORT + 1) } },
    { transport: 'tcp', port: PORT + 1 },
  ],
  [
    'a UDP port where no TCP port is watched',
    { modes: { tcp: null, udp: 'audp' } },
    { transport: 'udp', port: 1 },
  ],
  [
    'a port that the mode tcp listens on itself',
    { modes: { tcp: 'tcp', udp: null }, listening: { tcp: range(111, 113), udp: NO_PORTS } },
    { transport: 'tcp', port: 111 },
  ],
  ['none where nothing is watched', { modes: { tcp: 'tcp', udp: null } }, null],
])('the port of a trial probe is %s', async (_what, parts, port) => {
  const server = createServer().listen(PORT, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { handlers } = await given(parts);
  expect((await handlers.status()).probePort).toEqual(port);
});

test('the service that doctor tries listens at every address', async () => {
  const server = createServer().listen(0, '0.0.0.0');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { handlers } = await given({ modes: { tcp: 'tcp', udp: null } });
  expect((await handlers.status()).servicePort).not.toBeNull();
  const own = { tcp: range(1, 65_535), udp: NO_PORTS };
  expect(own.tcp.has(port)).toBe(true);
  expect((await (await given({ listening: own })).handlers.status()).servicePort).toBeNull();
});

test('the list of blocks does not change while it is read', async () => {
  const { handlers, block } = await given({});
  for (const target of ['192.0.2.1', '192.0.2.2']) await block(target);
  const targets: string[] = [];
  for (const { target } of await handlers.blocks()) {
    targets.push(target);
    await handlers.unblockAll();
  }
  expect(targets).toEqual(['192.0.2.1', '192.0.2.2']);
  expect([...(await handlers.blocks())]).toEqual([]);
});

test('orders are carried out, and refused in a dry run', async () => {
  const orders = async ({ handlers, block }: Awaited<ReturnType<typeof given>>) => {
    const answers = [
      await block('192.0.2.1'),
      await handlers.unblock('192.0.2.1'),
      await handlers.unblockAll(),
    ];
    return answers.map(({ outcome }) => outcome);
  };
  expect(await orders(await given({}))).toEqual(['done', 'done', 'done']);
  expect(await orders(await given({ dryRun: true }))).toEqual(['refused', 'refused', 'refused']);
});

test('a spared address is not acted on until the time is over', async () => {
  const { handlers, manager } = await given({});
  const message = `${SOURCE} is not acted on for 60 s`;
  expect(handlers.spare(SOURCE, 60_000)).toEqual({ outcome: 'done', message });
  manager.allowList.tick(Date.now());
  expect((await handlers.why(SOURCE)).rule).toBe(`trial probe of doctor from ${SOURCE}`);
  manager.allowList.tick(Date.now() + 60_000);
  expect((await handlers.why(SOURCE)).rule).toBeNull();
});

test('the health is that of the interfaces and of the block method', async () => {
  const { handlers } = await given({});
  expect((await handlers.health()).slice(0, 2).map(({ result }) => result)).toEqual(['ok', 'ok']);
});

describe('why', () => {
  test('says what is known of a source', async () => {
    const { handlers, sends } = await given({});
    sends(1, 2, 2);
    const { source, block, rule, earlier } = await handlers.why(SOURCE);
    expect(source).toMatchObject({ probes: 3, connects: 2, ports: 2, kinds: ['syn'], decoy: false });
    expect([block, rule, earlier]).toEqual([null, null, null]);
  });

  test('names the block of the network that an address is in, and an earlier one of its own', async () => {
    const { handlers, block } = await given({});
    await block('192.0.2.7');
    await handlers.unblock('192.0.2.7');
    await block('192.0.2.0/24');
    const why = await handlers.why('192.0.2.7');
    expect(why.block).toMatchObject({ target: '192.0.2.0/24', kind: 'manual', inForce: true });
    expect(why.earlier).toMatchObject({ times: 0, how: 'it was unblocked by hand' });
  });

  const TCP = 'to a watched TCP port:';
  test.each<[Given, readonly number[], readonly string[]]>([
    [
      {},
      [],
      [
        `Its next probe ${TCP} it is blocked by null.`,
        'Its next probe to a watched UDP port: it is only logged.',
      ],
    ],
    [
      { settings: { blockUdp: 2 }, modes: { tcp: null, udp: 'audp' } },
      [],
      [
        'Its next probe to a watched UDP port: it is not blocked, because nothing is configured that would do it.',
      ],
    ],
    [
      { settings: { scanTrigger: 4 }, modes: { tcp: 'atcp', udp: null } },
      [1, 2],
      [`Its 3 next different probes ${TCP} it is blocked by null.`],
    ],
    [
      { settings: { blockSpoofable: false }, modes: { tcp: 'atcp', udp: null } },
      [1, 2],
      [expect.stringContaining('only a source that proves its address is blocked')],
    ],
    [{ dryRun: true }, [], ['Nothing: this is a dry run.']],
  ])('%j, after probes to %j, foretells: %j', async (parts, ports, next) => {
    const { handlers, sends } = await given(parts);
    sends(...ports);
    expect((await handlers.why(SOURCE)).next).toEqual(next);
  });

  test('foretells the end of a block', async () => {
    const { handlers, block, manager } = await given({});
    await block(SOURCE, 0);
    expect((await handlers.why(SOURCE)).next).toEqual(['Its block has no end.']);
    await block('192.0.2.1', 60_000);
    expect((await handlers.why('192.0.2.1')).next).toEqual([
      expect.stringMatching(/^Its block ends at 20\d\d-\d\d-\d\d \d\d:\d\d\.$/),
    ]);
    for (const entry of manager.blocks.standing()) manager.blocks.suspend(entry);
    manager.memory.lift('all');
    expect((await handlers.why('192.0.2.1')).next).toEqual([
      'Its block is not in force; its next probe makes it again.',
    ]);
  });

  test('says that a block stays which nothing here can undo', async () => {
    const { handlers, block } = await given({ settings: { blockMethod: null, killRoute: 'true' } });
    await block(SOURCE);
    expect((await handlers.why(SOURCE)).next).toEqual([
      'Its block stays until you take it back: what KILL_ROUTE did has no UNKILL_ROUTE.',
    ]);
  });

  test('says of a spared address that its probes are only logged', async () => {
    const { handlers } = await given({});
    expect((await handlers.why('127.0.0.1')).next).toEqual([
      'It is never blocked (loopback 127.0.0.0/8); its probes are only logged.',
    ]);
  });
});

describe('the scanners', () => {
  test.each<
    [
      string,
      Given,
      (handlers: { readonly block: (target: string, forMs: number) => Promise<unknown> }) => Promise<unknown>,
      object,
    ]
  >([
    [
      'seen',
      { settings: { scanTrigger: 5 } },
      async () => {},
      { done: 'seen', target: null, until: null, rule: null },
    ],
    ['logged', {}, async () => {}, { done: 'logged' }],
    [
      'blocked by hand for a time',
      {},
      ({ block }) => block(SOURCE, 600_000),
      { done: 'blocked', target: SOURCE, until: expect.any(Number) },
    ],
    [
      'blocked as a network',
      {},
      ({ block }) => block('10.0.0.0/24', 0),
      { done: 'blocked', target: '10.0.0.0/24', until: null },
    ],
  ])('%s', async (_what, parts, act, expected) => {
    const all = await given(parts);
    all.sends(111, 112, 111);
    await act(all);
    const [row, ...others] = [...(await all.handlers.scanners(null))];
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      source: SOURCE,
      probes: 3,
      ports: 2,
      atLeast: false,
      targets: 1,
      kinds: ['syn'],
      shape: 'vertical',
      evidence: 'repeated',
      ...expected,
    });
  });

  test('since a time', async () => {
    const { handlers, sends } = await given({});
    sends(1);
    const [row] = [...(await handlers.scanners(null))];
    expect([...(await handlers.scanners((row?.lastSeen ?? 0) + 1))]).toEqual([]);
    expect([...(await handlers.scanners(row?.lastSeen ?? 0))]).toHaveLength(1);
  });
});

test('a client that watches gets the state of the daemon, its sources, and what changes', async () => {
  const { handlers, sends, block } = await given({});
  sends(1, 2);
  const ticks = handlers.watch('probes', 10)?.[Symbol.asyncIterator]();
  expect((await ticks?.next())?.value).toMatchObject({
    header: {
      version: '3.0.0',
      modes: ['atcp', 'audp'],
      probes: 2,
      sources: 1,
      blocked: 0,
      sensor: 'packet',
      isWell: true,
    },
    sources: [{ source: SOURCE, done: 'logged' }],
    gone: [],
  });
  await block(SOURCE);
  expect((await ticks?.next())?.value).toMatchObject({
    header: { blocked: 1, held: null, lost: null, breakerOpen: false, dryRun: false },
    sources: [{ source: SOURCE, done: 'blocked' }],
  });
  await ticks?.return?.();
});
