import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { Kind, kindMask } from '../../../src/classify/kind.ts';
import { PortSet } from '../../../src/config/ports.ts';
import { COUNTERS, type TablePlan } from '../../../src/sensor/kernel/plan.ts';
import { sensorCounters } from '../../../src/sensor/kernel/sensor-table.ts';
import { asOneLine, changeLine, tableLines } from '../../../src/sensor/kernel/table.ts';

const PLAN: TablePlan = {
  owned: true,
  group: 20_563,
  tcp: PortSet.below(1_024).without(PortSet.of([{ first: 113, last: 113 }])),
  udp: PortSet.below(1_024),
  excludedTcp: PortSet.of([{ first: 113, last: 113 }]),
  kinds: 0xffff,
  interfaces: null,
  watchesLoopback: false,
  trigger: 0,
  ipv6Prefix: 64,
  ephemeral: { first: 32_768, last: 60_999 },
  holdsTcp: true,
  holdsUdp: true,
  holdTimeMs: 10_000,
  challenges: false,
};

/** The lines of one chain. */
function chain(plan: Partial<TablePlan>, name: string): string[] {
  const lines = tableLines({ ...PLAN, ...plan });
  const from = lines.indexOf(`chain ${name} {`);
  return from < 0 ? [] : lines.slice(from + 1, lines.indexOf('}', from));
}

test.each<[string, Partial<TablePlan>]>([
  ['the defaults', {}],
  ['without an owner', { owned: false }],
  ['all ports', { tcp: PortSet.below(65_536), udp: PortSet.below(65_536) }],
  ['SCAN_TRIGGER', { trigger: 3 }],
  ['whole IPv6 addresses', { ipv6Prefix: 128 }],
  ['nothing is blocked', { holdsTcp: false, holdsUdp: false }],
  ['TCP alone is blocked', { holdsUdp: false }],
  ['UDP alone', { tcp: new PortSet() }],
  ['TCP alone', { udp: new PortSet() }],
  ['SYNs alone, on two interfaces', { kinds: kindMask([Kind.syn]), interfaces: ['eth0', 'wlan0'] }],
  ['with loopback', { watchesLoopback: true }],
  ['no kinds at all', { kinds: 0 }],
  ['for the packet sensor', { group: null }],
  ['CHALLENGE', { challenges: true }],
])('nft takes the table: %s', (_what, plan) => {
  const lines = tableLines({ ...PLAN, ...plan });
  for (const text of [lines.join('\n'), asOneLine(lines)]) {
    execFileSync('unshare', ['--net', 'nft', '-c', '-f', '-'], { input: `${text}\n`, stdio: 'pipe' });
  }
});

test('where nothing would be blocked no packet is dropped, and no source is held', () => {
  const lines = tableLines({ ...PLAN, holdsTcp: false, holdsUdp: false });
  const dropping = lines.filter((line) => line.endsWith('drop'));
  expect(dropping.every((line) => /counter name (held|forged)|trial/.test(line))).toBe(true);
  expect(lines.some((line) => line.includes('add @held'))).toBe(false);
});

test('a kind that is not looked for passes: the packet is neither dropped nor reported', () => {
  const syn = chain({ kinds: kindMask([Kind.syn]) }, 'segment');
  expect(syn).toContain('tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0 accept');
  expect(syn).toContain('tcp flags & (fin|syn|rst|ack) == ack accept');
  expect(chain({ kinds: kindMask([Kind.syn]) }, 'datagram')).toEqual([]);
  expect(chain({}, 'segment').some((line) => line.includes('0x0 accept'))).toBe(false);
});

test('an impossible segment is judged on every port that is not excluded, watched or not', () => {
  expect(chain({}, 'impossible')).toEqual(['tcp dport @excluded_tcp accept', 'goto judge']);
});

test('the counters of the table are read, and strangers among them are not', () => {
  const found = { probes: { packets: 7, bytes: 280 }, stranger: { packets: 9, bytes: 9 } };
  expect(sensorCounters(new Map(Object.entries(found)))).toEqual({
    ...Object.fromEntries(COUNTERS.map((name) => [name, 0])),
    probes: 7,
  });
  expect(sensorCounters(new Map())).toBeNull();
});

test.each<[string, Partial<TablePlan>]>([
  ['the defaults', {}],
  ['two interfaces', { interfaces: ['eth0', 'wlan0'] }],
  ['TCP alone is blocked', { holdsUdp: false }],
  ['a kind is missing', { kinds: 0xffff & ~kindMask([Kind.odd]) }],
])('no rule on the way to a drop asks a set that a change replaces: %s', (_what, plan) => {
  const way = [
    'input',
    'watched',
    'segment',
    'unwanted',
    'impossible',
    'initial',
    'datagram',
    'chunk',
    'judge',
  ];
  const lines = [...way, 'hold_unless_spared', 'hold', 'hold6', 'hold6_128'].flatMap((name) =>
    chain(plan, name),
  );
  expect(lines.length).toBeGreaterThan(20);
  // Elements that a rule adds stand in braces, too.
  expect(lines.filter((line) => /[{]/.test(line) && !/(add|update) @\w+ [{]/.test(line))).toEqual([]);
});

describe('a change of the plan', () => {
  /** The lines that nft lists of the table after each of these, in order; each is a transaction of one process. */
  function tablesAfter(...texts: string[]): string[][] {
    const input = texts.map((text) => `${text}\nlist table inet portsentry_sensor\n`).join('');
    const listed = execFileSync('unshare', ['--net', 'nft', '-i'], {
      input,
      stdio: 'pipe',
      encoding: 'utf8',
    });
    return listed
      .split(/^(?=table )/m)
      .slice(-texts.length)
      .map((table) => table.split('\n').sort());
  }

  const load = (plan: TablePlan) => asOneLine(tableLines(plan));
  const one = { ...PLAN, owned: false };
  let loaded: string[] | undefined;
  beforeAll(() => {
    [loaded] = tablesAfter(load(one));
    expect(loaded?.length).toBeGreaterThan(100);
  });

  test.each<[string, Partial<TablePlan>]>([
    ['of nothing', {}],
    ['of the ports', { tcp: PortSet.below(65_536), udp: PortSet.below(65_536) }],
    ['of HOLD_TIME', { holdTimeMs: 20_000 }],
    ['to SCAN_TRIGGER', { trigger: 3 }],
    ['to log only', { holdsTcp: false, holdsUdp: false }],
    ['to UDP alone', { tcp: new PortSet() }],
    ['of the kinds', { kinds: kindMask([Kind.syn]) }],
    ['of the group', { group: 7 }],
    ['to loopback', { watchesLoopback: true }],
  ])('%s gives the table that the new plan loads, and back', (_what, more) => {
    const other = { ...one, ...more };
    const [, there, back] = tablesAfter(load(one), changeLine(one, other), changeLine(other, one));
    expect(there).toEqual(tablesAfter(load(other))[0]);
    expect(back).toEqual(loaded);
  });
});

test('no rule asks an interface what kind it is not: most network cards have no kind, and the rule would not match', () => {
  expect(tableLines(PLAN).filter((line) => line.includes('iifkind !='))).toEqual([]);
});

test('the table of the packet sensor judges and reports nothing', () => {
  const lines = tableLines({ ...PLAN, group: null });
  expect(lines.filter((line) => line.includes('hook'))).toEqual([
    expect.stringMatching(/^type filter hook prerouting/),
  ]);
  expect(lines.some((line) => line.includes('log '))).toBe(false);
});

test('of a held network neither spared sources are dropped nor those of the own links', () => {
  expect(chain({}, 'held_network').slice(0, 2)).toEqual([
    'ip6 saddr @spare6 accept',
    'ip6 saddr & ffff:ffff:ffff:ffff:: @link6_64 accept',
  ]);
});

describe('CHALLENGE', () => {
  const ON = { challenges: true };

  test('off: no packet is answered, and nothing of it is in the table', () => {
    for (const plan of [PLAN, { ...PLAN, ...ON, group: null }])
      expect(tableLines(plan).filter((line) => /reject|numgen|toss|challenge/.test(line))).toEqual([]);
  });

  test('on: nothing else changes but the way of held SYNs, and of the RSTs to their sources', () => {
    const [off, on] = [tableLines(PLAN), tableLines({ ...PLAN, ...ON })];
    expect(off.filter((line) => !on.includes(line))).toEqual([]);
    expect(chain(ON, 'postrouting').slice(1, 5)).toEqual([
      'oif lo accept',
      'tcp flags & (fin|syn|rst) == 0 accept',
      'tcp flags & (fin|syn|rst) == rst ip daddr . tcp sport @tossed4 accept',
      'tcp flags & (fin|syn|rst) == rst ip6 daddr . tcp sport @tossed6 accept',
    ]);
  });

  test('whichever way a coin falls, the same limit is charged, and the same sets are filled', () => {
    const toss = ['toss', 'toss_silent'].flatMap((name) => chain(ON, name));
    expect(toss.filter((line) => /limit|@|add|update/.test(line))).toEqual([]);
    const sides = toss.filter((line) => line.includes('log prefix'));
    expect(sides.map((line) => line.replace(/"(reset|silent)"|reject with tcp reset|drop/g, '-'))).toEqual([
      sides[0]?.replace(/"reset"|reject with tcp reset/g, '-'),
      sides[0]?.replace(/"reset"|reject with tcp reset/g, '-'),
    ]);
    const way = chain(ON, 'challenge');
    const limited = way.findIndex((line) => line.startsWith('limit rate over'));
    const tossing = way.findIndex((line) => line.includes('goto toss'));
    expect(limited).toBeGreaterThanOrEqual(0);
    expect(tossing).toBeGreaterThan(limited);
  });

  test('it is switched on and off in the table that stands', () => {
    const commands = [
      asOneLine(tableLines({ ...PLAN, owned: false })),
      changeLine({ ...PLAN, owned: false }, { ...PLAN, ...ON, owned: false }),
      changeLine({ ...PLAN, ...ON, owned: false }, { ...PLAN, owned: false }),
    ];
    const listed = execFileSync('unshare', ['--net', 'sh', '-c', 'nft -f - && nft list ruleset'], {
      input: `${commands.join('\n')}\n`,
      encoding: 'utf8',
    });
    expect(listed).toContain('chain held_source');
    expect(listed).not.toMatch(/toss|challenge/);
  });
});
