import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QUERY_TIMEOUT_MS } from '../../src/cli/ask.ts';
import { DIRECTIVES } from '../../src/config/directives.ts';
import { ask } from '../../src/control/client.ts';
import type { Request } from '../../src/control/protocol.ts';
import type { BlockInfo, HealthCheck, Status, Why } from '../../src/control/status.ts';
import { shell } from '../support/backends.ts';
import { alertsOf, CONFIG_FILE, readFile, startDetector, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { blocksOf, order } from '../support/orders.ts';

/** What list, why, status, doctor and unblock say of a block is one and the same, and so. */

const SOURCE = '10.99.0.1';
const PORTS = 20;

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'truth' });
});
afterEach(() => lab.close());

const ADD = '/sbin/iptables -I INPUT -s $TARGET$ -j DROP';
const DELETE = '/sbin/iptables -D INPUT -s $TARGET$ -j DROP';
const DENY = 'KILL_HOSTS_DENY="ALL: $TARGET$"';

/** A configuration, what it says of a block of SOURCE, and how another program takes such a block away. */
interface Row {
  readonly name: string;
  readonly keys: string;
  /** null where nobody is blocked. */
  readonly block: Pick<BlockInfo, 'method' | 'inForce' | 'undo'> | null;
  readonly flush?: string;
  /** What is seen right after that. */
  readonly flushed?: boolean | null;
  readonly unblock: number;
}

const own = (method: 'nftables' | 'ipset' | 'iptables' | 'route', flush: string): Row => ({
  name: method,
  keys: `BLOCK_TCP="1"\nBLOCK_METHOD="${method}"`,
  block: { method, inForce: true, undo: 'method' },
  flush,
  flushed: false,
  unblock: 0,
});

const ROWS: readonly Row[] = [
  own('nftables', 'nft flush ruleset'),
  own('ipset', 'for set in $(ipset list -n); do ipset flush $set; done'),
  own('iptables', 'iptables -t raw -F'),
  own('route', 'ip route flush type blackhole'),
  {
    name: 'command with an undo',
    keys: `BLOCK_TCP="1"\nKILL_ROUTE="${ADD}"\nUNKILL_ROUTE="${DELETE}"`,
    block: { method: 'command', inForce: null, undo: 'command' },
    flush: 'iptables -F INPUT',
    flushed: null,
    unblock: 0,
  },
  {
    name: 'command without an undo',
    keys: `BLOCK_TCP="1"\nKILL_ROUTE="${ADD}"`,
    block: { method: 'command', inForce: null, undo: null },
    flush: 'iptables -F INPUT',
    flushed: null,
    unblock: 69,
  },
  {
    name: 'KILL_ROUTE as the external command (A7)',
    keys: `BLOCK_TCP="2"\nKILL_ROUTE="${ADD}"`,
    block: { method: 'command', inForce: null, undo: null },
    flush: 'iptables -F INPUT',
    flushed: null,
    unblock: 69,
  },
  {
    name: 'hosts.deny alone',
    keys: `BLOCK_TCP="1"\nBLOCK_METHOD="none"\n${DENY}`,
    block: { method: 'hosts.deny', inForce: null, undo: 'line' },
    flush: ': > /etc/hosts.deny',
    flushed: false,
    unblock: 0,
  },
  {
    name: 'a notifier',
    keys: 'BLOCK_TCP="2"\nKILL_RUN_CMD="echo $TARGET$ >> /run/told"',
    block: null,
    unblock: 65,
  },
  { name: 'none', keys: 'BLOCK_TCP="0"', block: null, unblock: 65 },
];

/** With the packet sensor: the kernel's leaves nothing of an idle port to be answered, blocked or not. */
function configure(keys: string): void {
  writeFile(
    lab.victim,
    CONFIG_FILE,
    `ADVANCED_PORTS_TCP="65535"\nAUTO_IGNORE="0"\nSENSOR="packet"\n${keys}\n`,
  );
}

/** Scans the ports; resolves to how many of them answered. */
async function scan(first = 3_000, count = PORTS): Promise<number> {
  const ports = `${first}-${first + count - 1}`;
  const options = ['-n', '-Pn', '-sS', '--max-retries', '0', '--max-rtt-timeout', '200ms', '-p', ports];
  const { stdout } = await lab.run(lab.scanner, ['nmap', ...options, '-oG', '-', lab.wire.to.ipv4]);
  const filtered = /filtered \((\d+)\)/.exec(stdout)?.[1];
  return count - Number(filtered ?? stdout.match(/\/filtered\//g)?.length ?? 0);
}

async function asked<T>(request: Request, field: string): Promise<T> {
  const socket = lab.victim.path(DIRECTIVES.controlSocket.default);
  for await (const response of ask(socket, request, QUERY_TIMEOUT_MS)) {
    if (!response.ok) throw new Error(response.error);
    return response.fields[field] as T;
  }
  throw new Error('no answer');
}

/** What everybody says now; throws when two of them disagree. */
async function said(): Promise<BlockInfo | null> {
  const list = await blocksOf(lab);
  const why = await asked<Why>({ command: 'why', address: SOURCE }, 'why');
  const status = await asked<Status>({ command: 'status' }, 'status');
  const health = await asked<HealthCheck[]>({ command: 'health' }, 'checks');
  const method = health.find(({ name }) => name === 'block method') ?? expect.fail('no such check');
  const [block = null] = list;
  expect(why.block, 'why and list').toEqual(block);
  expect(status.blocks, 'status and list').toEqual({
    inForce: list.filter(({ inForce }) => inForce === true).length,
    unknown: list.filter(({ inForce }) => inForce === null).length,
    due: list.length,
  });
  expect(method.result === 'fail', `doctor and list: ${method.message}`).toBe(block?.inForce === false);
  return block;
}

/** Waits until what is said of the block is this. */
async function untilSaid(state: object): Promise<void> {
  await lab.waitFor(async () => {
    const [block] = await blocksOf(lab);
    return (
      block !== undefined &&
      Object.entries(state).every(([key, value]) => block[key as keyof BlockInfo] === value)
    );
  }, 20_000);
}

const accusations = (detector: LabProcess) =>
  alertsOf(detector).filter((line) => /already blocked/.test(line));

describe.each(ROWS)('$name', ({ name, keys, block, flush, flushed, unblock }) => {
  test('before, during and after a block, a flush, a restart and a change of method', async () => {
    configure(keys);
    const detector = await startDetector(lab, lab.victim, ['-atcp']);
    expect(await said()).toBeNull();
    const { method } = await asked<Status>({ command: 'status' }, 'status');
    expect(method.name).toBe(block?.method ?? 'none');

    await scan();
    if (block === null) {
      if (name === 'a notifier') await detector.waitForLine(/External command run for host/);
      expect(await said()).toBeNull();
      expect((await order(lab, 'unblock', SOURCE)).code).toBe(unblock);
      expect(await scan(4_000)).toBe(PORTS);
      expect(accusations(detector)).toEqual([]);
      return;
    }
    await untilSaid(block);
    expect(await said()).toMatchObject({ ...block, times: 1 });
    if (block.method !== 'hosts.deny') expect(await scan(4_000), 'answers while blocked').toBe(0);

    await shell(lab, lab.victim, flush as string);
    await lab.waitFor(async () => (await blocksOf(lab))[0]?.inForce === flushed);
    expect(await said()).toMatchObject({ inForce: flushed });
    // A command is proven gone by a probe a second and more after it ended.
    await lab.waitFor(async () => {
      await scan(5_000);
      const line = flushed === false ? null : /KILL_ROUTE was run again \(attempt 1 of 3\)/;
      if (line !== null && !detector.lines().some((each) => line.test(each))) return false;
      return (await blocksOf(lab))[0]?.inForce === block.inForce;
    }, 30_000);
    if (block.method !== 'hosts.deny') expect(await scan(6_000), 'answers after the flush').toBe(0);
    expect(await said()).toMatchObject(block);

    await detector.stop();
    const second = await startDetector(lab, lab.victim, ['-atcp']);
    expect(await said()).toMatchObject(block);

    const code = (await order(lab, 'unblock', SOURCE)).code;
    expect(code).toBe(unblock);
    expect(await said()).toEqual(unblock === 0 ? null : expect.objectContaining(block));
    if (unblock === 0) {
      expect(await scan(7_000), 'answers after unblock').toBeGreaterThan(0);
      await untilSaid(block);
    }

    const other = block.method === 'nftables' ? 'iptables' : 'nftables';
    configure(`BLOCK_TCP="1"\nBLOCK_METHOD="${other}"`);
    second.signal('SIGHUP');
    await untilSaid({ method: other, inForce: true });
    expect(await said()).toMatchObject({ method: other, inForce: true, undo: 'method' });
    expect(await scan(8_000), 'answers under the other method').toBe(0);
    expect(readFile(lab.victim, '/etc/hosts.deny').includes(SOURCE)).toBe(block.method === 'hosts.deny');
  });
});

test('a dry run blocks nobody, whatever the configuration says', async () => {
  configure('BLOCK_TCP="1"\nBLOCK_METHOD="nftables"');
  await startDetector(lab, lab.victim, ['-atcp', '--dry-run']);
  expect(await scan()).toBe(PORTS);
  expect(await said()).toBeNull();
  expect((await asked<Status>({ command: 'status' }, 'status')).method).toEqual({
    name: 'none',
    how: 'a dry run blocks nobody',
  });
});

test.each(['restart', 'reload'])(
  'a notifier keeps no later block away: after a %s the scanner gets no answer (A5)',
  async (how) => {
    const told = 'KILL_RUN_CMD="echo $TARGET$ >> /run/told"';
    configure(`BLOCK_TCP="2"\n${told}`);
    const detector = await startDetector(lab, lab.victim, ['-atcp']);
    await scan();
    await detector.waitForLine(/External command run for host/);
    expect(await scan(3_000, 200)).toBe(200);
    expect(readFile(lab.victim, '/run/told')).toBe(`${SOURCE}\n`);
    configure(`BLOCK_TCP="1"\nBLOCK_METHOD="nftables"\n${told}`);
    let current = detector;
    if (how === 'restart') {
      await detector.stop();
      current = await startDetector(lab, lab.victim, ['-atcp']);
    } else {
      detector.signal('SIGHUP');
      await detector.waitForLine(/were read again/);
    }
    await scan(4_000, 1);
    await current.waitForLine(/has been blocked via dropped route using command: "nftables"/);
    expect(await scan(3_000, 200)).toBe(0);
  },
);

test('a restart of a notifier tells of the same source again', async () => {
  configure('BLOCK_TCP="2"\nKILL_RUN_CMD="echo $TARGET$ >> /run/told"');
  for (let run = 1; run <= 2; run++) {
    const detector = await startDetector(lab, lab.victim, ['-atcp']);
    await scan();
    await detector.waitForLine(/External command run for host/);
    await scan();
    await detector.stop();
    expect(readFile(lab.victim, '/run/told')).toBe(`${SOURCE}\n`.repeat(run));
  }
});

test.each([
  ['TCP', [], 'ipv4', 'iptables'],
  ['UDP', ['-sU'], 'ipv4', 'iptables'],
  ['TCP over IPv6', ['-6'], 'ipv6', 'ip6tables'],
] as const)(
  'a flushed KILL_ROUTE is run again, and no rule stands twice (A6): %s',
  async (_name, flags, family, tool) => {
    configure(`BLOCK_TCP="1"
BLOCK_UDP="1"
ADVANCED_PORTS_UDP="65535"
KILL_ROUTE="${ADD}"
UNKILL_ROUTE="${DELETE}"
KILL_ROUTE6="${ADD.replace('iptables', 'ip6tables')}"
UNKILL_ROUTE6="${DELETE.replace('iptables', 'ip6tables')}"`);
    const detector = await startDetector(lab, lab.victim);
    const options = ['-n', '-Pn', ...flags, '--max-retries', '0', '--max-rtt-timeout', '200ms'];
    const probes = async (ports: string) =>
      (await lab.run(lab.scanner, ['nmap', ...options, '-p', ports, lab.wire.to[family]])).stdout;
    const rules = async () =>
      (await shell(lab, lab.victim, `${tool} -S INPUT`)).match(/-j DROP/g)?.length ?? 0;
    await probes('3000-3005');
    await untilSaid({ method: 'command', inForce: null });
    expect(await probes('4000-4010'), 'blocked').not.toMatch(/closed/);
    expect(await rules()).toBe(1);
    await shell(lab, lab.victim, `${tool} -F INPUT`);
    await lab.waitFor(async () => {
      await probes('4000-4004');
      return detector.lines().some((line) => /KILL_ROUTE was run again \(attempt 1 of 3\)/.test(line));
    }, 30_000);
    await lab.waitFor(async () => (await rules()) === 1);
    expect(await probes('5000-5010'), 'put back').not.toMatch(/closed/);
  },
);

test('a KILL_ROUTE that rejects is not taken for one that is gone', async () => {
  const reject = ADD.replace('DROP', 'REJECT --reject-with tcp-reset').replace('-s', '-p tcp -s');
  configure(`BLOCK_TCP="1"\nKILL_ROUTE="${reject}"`);
  const detector = await startDetector(lab, lab.victim, ['-atcp']);
  await scan();
  await untilSaid({ method: 'command', inForce: null });
  // Answers to these would prove a block by DROP gone.
  const begun = Date.now();
  await lab.waitFor(async () => {
    await scan(4_000, 5);
    return Date.now() - begun > 3_000;
  }, 30_000);
  expect(detector.output).not.toContain('was run again');
  expect((await shell(lab, lab.victim, 'iptables -S INPUT')).match(/REJECT/g)).toHaveLength(1);
});

test.each([
  ['iptables', ADD, DELETE],
  ['route', '/sbin/ip route add blackhole $TARGET$/32', '/sbin/ip route del blackhole $TARGET$/32'],
  ['a chain of two', `${ADD} && touch /run/blocked-$TARGET$`, `${DELETE} && rm /run/blocked-$TARGET$`],
  ['nft', 'nft add element ip t s { $TARGET$ }', 'nft delete element ip t s { $TARGET$ }'],
  ['ipset', '/sbin/ipset add -exist ours $TARGET$', '/sbin/ipset del ours $TARGET$'],
])('block, unblock, nothing left: %s', async (_name, add, remove) => {
  const ruleset =
    'iptables-save | grep -c -- "-s 10.99" || true; nft list ruleset | grep -c 10.99.0.1 || true';
  const state = `${ruleset}; ip route show type blackhole; ipset list ours | tail -1; ls /run | grep blocked- || true`;
  await shell(
    lab,
    lab.victim,
    `ipset create ours hash:ip; iptables -A INPUT -m set --match-set ours src -j DROP
     nft add table ip t; nft add set ip t s '{ type ipv4_addr; }'
     nft add chain ip t c '{ type filter hook input priority 0; }'; nft add rule ip t c ip saddr @s drop`,
  );
  configure(`BLOCK_TCP="1"\nBLOCK_METHOD="command"\nKILL_ROUTE="${add}"\nUNKILL_ROUTE="${remove}"`);
  await startDetector(lab, lab.victim, ['-atcp']);
  const before = await shell(lab, lab.victim, state);
  await scan();
  await untilSaid({ method: 'command', inForce: null });
  expect(await scan(4_000), 'blocked').toBe(0);
  const { code, stdout } = await order(lab, 'unblock', SOURCE);
  expect([code, stdout]).toEqual([0, `${SOURCE} is no longer blocked\n`]);
  // The sensor's table hears of it within a second.
  await lab.waitFor(async () => (await shell(lab, lab.victim, state)) === before);
});
