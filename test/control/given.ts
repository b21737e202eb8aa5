import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ask, type Response } from '../../src/control/client.ts';
import type { ConnectionLimits } from '../../src/control/connection.ts';
import type { ControlHandlers } from '../../src/control/handlers.ts';
import type { Request } from '../../src/control/protocol.ts';
import type { ScannerInfo, WatchHeader, WatchTick } from '../../src/control/scanners.ts';
import { ControlServer } from '../../src/control/server.ts';
import type { BlockInfo, HealthCheck, Status, Why } from '../../src/control/status.ts';

/** 2026-11-22 13:33:37 UTC. */
export const NOW = 1_795_354_417_000;

const SENSOR_PROCESS = {
  isWell: true,
  account: '_portsentry',
  lacks: [],
  died: 1,
  refused: 0,
  retimed: 0,
};

export const STATUS: Status = {
  version: '3.0.0',
  pid: 4711,
  modes: ['atcp', 'audp'],
  interfaces: ['eth0', 'eth1'],
  interfacesAsked: ['ALL_NLO'],
  startedAt: NOW - 11_520_000,
  uptime: 11_520,
  configFile: '/etc/portsentry/portsentry.conf',
  frames: 123_456,
  duplicates: 12,
  probes: 345,
  undecoded: { 'not IP': 10, 'bad checksum': 2 },
  sensor: {
    name: 'packet',
    why: 'SENSOR="packet" is set',
    kernel: null,
    process: SENSOR_PROCESS,
    challenge: null,
  },
  knownServices: [
    { transport: 'tcp', address: null, port: 22, lastSeen: NOW },
    { transport: 'udp', address: '192.0.2.1', port: 53, lastSeen: NOW },
  ],
  sources: 17,
  blocks: { inForce: 11, unknown: 0, due: 12 },
  method: { name: 'nftables', how: 'the best that this host has' },
  dryRun: false,
  queue: { running: 1, queued: 2 },
  breaker: { open: false, threshold: 300 },
  notifications: [],
  share: null,
  memory: 64 * 1024 * 1024,
  probePort: { transport: 'tcp', port: 1 },
  servicePort: null,
};

/** The same with the kernel sensor. */
export const KERNEL_STATUS: Status = {
  ...STATUS,
  sensor: {
    name: 'kernel',
    why: 'the kernel watches',
    process: { ...SENSOR_PROCESS, isWell: false, refused: 3, retimed: 2 },
    kernel: {
      owned: true,
      group: 20_563,
      maxBufferBytes: 4_194_304,
      isRead: true,
      held: 3,
      heldPackets: 1_000,
      shed: 7,
      reported: 500,
      unreported: 20,
      lost: 2,
      hearsBlocked: true,
      silences: { tcp: true, udp: false },
    },
    challenge: { underTest: 3, proven: 1, isFull: false },
  },
};

export const BLOCK: BlockInfo = {
  target: '10.99.0.1',
  since: NOW - 600_000,
  until: NOW + 11_520_000,
  times: 1,
  method: 'nftables',
  inForce: true,
  undo: 'method',
  mode: 'atcp',
  kind: 'syn',
  transport: 'tcp',
  port: 111,
  connects: 3,
  note: null,
};

export const WHY: Why = {
  address: '10.99.0.1',
  rule: null,
  source: {
    firstSeen: NOW - 660_000,
    lastSeen: NOW - 601_000,
    probes: 12,
    connects: 3,
    ports: 10,
    targets: 1,
    kinds: ['syn', 'fin'],
    evidence: 'repeated',
    challenge: null,
    tool: 'nmap',
    decoy: false,
  },
  block: BLOCK,
  lists: [],
  shared: null,
  earlier: null,
  next: ['It is blocked until the time is over or somebody unblocks it.'],
};

export const HEALTH: readonly HealthCheck[] = [{ name: 'capture', result: 'ok', message: 'it runs' }];

export const SCANNER: ScannerInfo = {
  source: '10.99.0.1',
  firstSeen: NOW - 660_000,
  lastSeen: NOW - 1_000,
  probes: 12,
  ports: 10,
  atLeast: false,
  targets: 1,
  kinds: ['syn', 'fin'],
  tool: 'nmap',
  shape: 'vertical',
  evidence: 'repeated',
  done: 'blocked',
  target: '10.99.0.1',
  until: NOW + 600_000,
  rule: null,
};

export const WATCH_HEADER: WatchHeader = {
  time: NOW,
  uptime: 11_520,
  version: '3.0.0',
  modes: ['atcp', 'audp'],
  dryRun: false,
  sensor: 'kernel',
  isWell: true,
  probes: 345,
  sources: 1,
  held: 3,
  blocked: 12,
  lost: 0,
  breakerOpen: false,
};

async function* ticks(): AsyncGenerator<WatchTick> {
  yield { header: WATCH_HEADER, sources: [SCANNER], gone: [] };
}

/** Handlers that answer with fixed data. A test puts its own into `more`. */
export function handlers(more: Partial<ControlHandlers> = {}): ControlHandlers {
  const done = (message: string) => ({ outcome: 'done', message }) as const;
  return {
    status: () => STATUS,
    blocks: () => [BLOCK],
    scanners: () => [SCANNER],
    watch: () => ticks(),
    block: async ({ target }) => done(`${target} is blocked.`),
    unblock: async (target) => done(`${target} is unblocked.`),
    forget: async (target) => done(`${target} is forgotten.`),
    unblockAll: async () => ({ ...done('1 block was taken back.'), count: 1 }),
    why: async (address) => ({ ...WHY, address }),
    spare: (address) => done(`${address} is spared.`),
    health: async () => HEALTH,
    lists: {
      infos: async () => [],
      part: () => ({ ...done('part'), upload: 1 }),
      load: async (list) => done(`${list} is loaded.`),
      unload: async (list) => done(`${list} is gone.`),
      members: () => [],
    },
    metrics: async () => 'portsentry_build_info 1\n',
    notifyTest: async () => [],
    addresses: async () => [BLOCK.target],
    ...more,
  };
}

/** A temporary folder, removed after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-control-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A server, closed after the test, whose socket is in a new folder; and the lines that it reported. */
export async function serve(
  more: Partial<ControlHandlers> = {},
  limits?: ConnectionLimits,
): Promise<{ server: ControlServer; path: string; told: string[] }> {
  const path = join(testFolder(), 'run', 'portsentry.sock');
  const told: string[] = [];
  const tell = (text: string) => told.push(text);
  const server = new ControlServer({ path, handlers: handlers(more), tell, ...(limits && { limits }) });
  await server.open();
  onTestFinished(() => server.close());
  return { server, path, told };
}

/** All lines of an answer. */
export async function askAll(path: string, request: Request, timeoutMs = 60_000): Promise<Response[]> {
  const responses: Response[] = [];
  for await (const response of ask(path, request, timeoutMs)) responses.push(response);
  return responses;
}

/** A client that sends exactly the given octets and keeps what it receives. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  /** Resolves when the other side has ended the connection. */
  readonly closed: Promise<void>;

  constructor(path: string) {
    this.socket = connect({ path, allowHalfOpen: true });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      for (const event of ['end', 'close']) this.socket.once(event, () => resolve());
    });
    onTestFinished(() => {
      this.socket.destroy();
    });
  }

  /** Starts to read. */
  read(): this {
    this.socket.setEncoding('utf8').on('data', (text) => {
      this.received += text;
    });
    return this;
  }

  /** Sends `last` and ends this side. Resolves to all lines when the other side has ended too. */
  async finish(last: string | Uint8Array = ''): Promise<Record<string, unknown>[]> {
    this.read();
    this.socket.end(last);
    await this.closed;
    return this.lines();
  }

  lines(): Record<string, unknown>[] {
    return this.received
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
}
