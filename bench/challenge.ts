/**
 * The coin test against real tools: which scanners are proven, which forged sources are not, and what the owner of a forged
 * address sends. In network namespaces, through a router, with the built program; needs root. An argument chooses rows: the
 * beginning of their names.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  amongDecoys,
  countAtOwner,
  countsAtOwner,
  startChallenger,
  whyOf,
} from '../test/support/challenge.ts';
import { readFile } from '../test/support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../test/support/frames.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import type { Host } from '../test/support/lab-host.ts';
import { sendFrames } from '../test/support/services.ts';

/** What the router between the scanner and the victim does. */
type Way = 'plain' | 'nat' | 'stateful' | 'loss5' | 'loss15';

interface Scan {
  readonly name: string;
  readonly args: readonly string[];
  readonly way?: Way;
  readonly hasDecoys?: boolean;
  readonly runs?: number;
  readonly family?: 4 | 6;
}

const T4 = ['-T4', '--top-ports', '200'];

const SCANS: readonly Scan[] = [
  { name: 'nmap -sS (1,000 ports)', args: ['-sS'], runs: 5 },
  { name: 'nmap -sS -F', args: ['-sS', '-F'], runs: 5 },
  { name: 'nmap -sS -T4, 200 ports', args: ['-sS', ...T4], runs: 5 },
  { name: 'nmap -sS -T5 -F', args: ['-sS', '-T5', '-F'], runs: 5 },
  { name: 'nmap -sT -F', args: ['-sT', '-F'], runs: 5 },
  { name: 'behind NAT: nmap -sS, 200 ports', args: ['-sS', ...T4], way: 'nat', runs: 5 },
  { name: 'behind NAT: nmap -sT, 200 ports', args: ['-sT', ...T4], way: 'nat', runs: 5 },
  { name: 'behind a stateful firewall: nmap -sS, 200 ports', args: ['-sS', ...T4], way: 'stateful', runs: 5 },
  { name: '5 % loss each way: nmap -sS, 200 ports', args: ['-sS', ...T4], way: 'loss5', runs: 5 },
  { name: '15 % loss each way: nmap -sS, 200 ports', args: ['-sS', ...T4], way: 'loss15', runs: 5 },
  {
    name: 'five decoys: nmap -sS -D, 200 ports',
    args: ['-sS', ...T4],
    hasDecoys: true,
    runs: 20,
  },
  {
    name: 'five decoys, 5 % loss: nmap -sS -D, 200 ports',
    args: ['-sS', ...T4],
    way: 'loss5',
    hasDecoys: true,
    runs: 5,
  },
  { name: 'IPv6: nmap -sS, 200 ports', args: ['-sS', ...T4], family: 6, runs: 5 },
  { name: 'IPv6: nmap -sT, 200 ports', args: ['-sT', ...T4], family: 6, runs: 5 },
  { name: 'IPv6: nmap -sS -F', args: ['-sS', '-F'], family: 6, runs: 5 },
  {
    name: 'IPv6, 15 % loss each way: nmap -sS, 200 ports',
    args: ['-sS', ...T4],
    way: 'loss15',
    family: 6,
    runs: 5,
  },
];

/** How often a forger sends to each port, and in how many runs. */
const FORGED = [
  { times: 1, runs: 12 },
  { times: 2, runs: 12 },
  { times: 5, runs: 10 },
];

/** Ports that a forger sends to; zmap is started for each. */
const PORTS = { hping3: 200, masscan: 200, zmap: 40, 'frames over IPv6': 200 };

const EVENTS = '/etc/portsentry/events.json';
const CHOSEN = process.argv[2] ?? '';

/** Each run comes from an address of its own, because what is known of one is kept for a day. */
let runs = 0;

/** The scanner, a router, the victim behind it, and the owner of forged addresses with a cable of its own. */
interface Net {
  readonly lab: Lab;
  readonly router: Host;
  readonly owner: Host;
  readonly target: string;
  /** The same over IPv6, and the gateway of the scanner. */
  readonly target6: string;
  readonly gateway6: string;
}

/** The router translates to addresses of this network, its own ones being the victim's gateway. */
const TRANSLATED = '10.99.1.';
const SCANNER = '10.99.2.';
const OWNER = '10.99.3.';

/** Each run over IPv6 comes from a network of its own, because neighbours are judged together. */
const scanner6 = (run: number) => `2001:db8:${run.toString(16)}::1`;
const owner6 = (run: number) => `2001:db8:${(0x8000 + run).toString(16)}::1`;

/** The cable that every lab has between scanner and victim is cut. Each network has addresses for 240 runs. */
async function makeNet(): Promise<Net> {
  const lab = await createLab({ name: 'challenge' });
  const router = await lab.host('router');
  const owner = await lab.host('owner');
  const near = await lab.link(router, lab.victim, { extraAddresses: 240 });
  const far = await lab.link(lab.scanner, router, { extraAddresses: 240 });
  const owned = await lab.link(owner, lab.victim, { extraAddresses: 240 });
  const routes = (gateway: { ipv4: string }) => [
    'ip link set eth0 down',
    `ip route add default via ${gateway.ipv4}`,
  ];
  const loose = (...names: string[]) => names.map((name) => `sysctl -qw net.ipv4.conf.${name}.rp_filter=0`);
  await all(lab, router, ['sysctl -qw net.ipv4.ip_forward=1', ...loose('all', 'eth0', 'eth1')]);
  await all(lab, lab.victim, [...loose('all', 'eth1', 'eth2'), ...routes(near.from)]);
  await all(lab, lab.scanner, routes(far.to));
  await all(lab, router, [
    'sysctl -qw net.ipv6.conf.all.forwarding=1',
    `ip -6 route add 2001:db8::/33 via ${far.from.ipv6}`,
  ]);
  await all(lab, lab.victim, [
    `ip -6 route add default via ${near.from.ipv6}`,
    `ip -6 route add 2001:db8:8000::/33 via ${owned.from.ipv6}`,
  ]);
  // The owner of the forged addresses lives, so that it would answer what it does not know.
  await all(lab, owner, [
    'ip -6 route add local 2001:db8:8000::/33 dev lo',
    `ip -6 route add default via ${owned.to.ipv6}`,
  ]);
  await countAtOwner(lab, owner);
  await startChallenger(lab, `EVENT_FILE="${EVENTS}"`);
  return { lab, router, owner, target: near.to.ipv4, target6: near.to.ipv6, gateway6: far.to.ipv6 };
}

async function all(lab: Lab, host: Host, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { code, stderr } = await lab.run(host, command.split(' '));
    if (code !== 0) throw new Error(`${command}: ${stderr}`);
  }
}

async function setWay({ lab, router }: Net, way: Way, last: number): Promise<void> {
  const ways: Readonly<Record<Way, string>> = {
    plain: '',
    nat: `chain nat { type nat hook postrouting priority 100; oifname "eth0" snat ip to ${TRANSLATED}${last}; }`,
    stateful:
      'chain f { type filter hook forward priority 0; iifname "eth0" ct state established,related accept; iifname "eth0" drop; }',
    loss5: 'chain f { type filter hook forward priority 0; numgen random mod 100 < 5 drop; }',
    loss15: 'chain f { type filter hook forward priority 0; numgen random mod 100 < 15 drop; }',
  };
  const table = `add table inet way; delete table inet way; table inet way {\n${ways[way]}\n}`;
  const { code, stderr } = await lab.run(router, ['nft', table]);
  if (code !== 0) throw new Error(stderr);
}

interface Event {
  readonly '@timestamp': string;
  readonly event: { readonly action: string };
  readonly source?: { readonly ip?: string };
  readonly portsentry?: { readonly evidence?: string };
}

/** What the detector has said of an address. */
function eventsOf({ lab }: Net, address: string): Event[] {
  const lines = readFile(lab.victim, EVENTS)
    .split('\n')
    .filter((line) => line.includes(`"${address}"`));
  return lines.map((line) => JSON.parse(line) as Event).filter(({ source }) => source?.ip === address);
}

/** Ms from `begun` to the source's block, which here takes a proof; null when it is not blocked. */
function provenAfter(net: Net, source: string, begun: number): number | null {
  // The log sums probes up after the first ten, so the evidence of the last one may be in no event.
  const block = eventsOf(net, source).find(({ event }) => event.action === 'block');
  if (block === undefined) return null;
  return Date.parse(block['@timestamp']) - begun;
}

/** One scan. Resolves to when the scanner was proven, and how many of its decoys were. */
async function scan(net: Net, { args, way = 'plain', hasDecoys = false, family = 4 }: Scan) {
  const { lab } = net;
  const last = 11 + runs++;
  await setWay(net, way, last);
  const own = family === 4 ? `${SCANNER}${last}` : scanner6(last);
  await all(
    lab,
    lab.scanner,
    family === 4
      ? [`ip route replace default via ${SCANNER}2 dev eth1 src ${own}`]
      : [
          `ip -6 address add ${own}/128 dev eth1 nodad`,
          `ip -6 route replace default via ${net.gateway6} dev eth1 src ${own}`,
        ],
  );
  const decoys = [1, 2, 3, 4, 5].map((index) => `10.98.${last}.${index}`);
  const begun = Date.now();
  const nmap = await lab.start(lab.scanner, [
    ...['nmap', '-n', '-Pn', '--host-timeout', '50s', ...args],
    ...(hasDecoys ? amongDecoys(decoys) : []),
    ...(family === 4 ? [net.target] : ['-6', net.target6]),
  ]);
  const source = way === 'nat' ? `${TRANSLATED}${last}` : own;
  // Once it is blocked nmap waits long for answers.
  while (nmap.outcome === null && provenAfter(net, source, begun) === null) await sleep(200);
  await sleep(2_000);
  nmap.signal('SIGKILL');
  await nmap.ended;
  const blocked = decoys.filter((decoy) => {
    const events = eventsOf(net, decoy);
    return events.some(
      ({ event, portsentry }) => event.action === 'block' || portsentry?.evidence === 'reacts',
    );
  });
  return { provenMs: provenAfter(net, source, begun), decoys: blocked.length };
}

async function measureScan(net: Net, row: Scan): Promise<void> {
  const count = row.runs ?? 1;
  const times: number[] = [];
  let decoys = 0;
  for (let run = 0; run < count; run++) {
    const outcome = await scan(net, row);
    if (outcome.provenMs !== null) times.push(outcome.provenMs);
    decoys += outcome.decoys;
  }
  const seconds = times.map((ms) => (ms / 1_000).toFixed(1)).join(' ');
  const others = row.hasDecoys ? `; decoys proven or blocked: ${decoys} of ${count * 5}` : '';
  console.log(`${row.name}: proven and blocked ${times.length} of ${count}, after ${seconds} s${others}`);
}

type Tool = keyof typeof PORTS;

/** The router's hardware address on the scanner's side. */
const ROUTER_MAC = '02:99:00:00:02:02';

/** Commands that send `times` SYNs to each port in the name of an address. */
function forge(
  { target }: Net,
  tool: Exclude<Tool, 'frames over IPv6'>,
  forged: string,
  times: number,
): readonly (readonly string[])[] {
  const count = PORTS[tool];
  const last = 1_999 + count;
  const repeated = (command: readonly string[]) => new Array<readonly string[]>(times).fill(command);
  switch (tool) {
    case 'hping3':
      return repeated([
        'hping3',
        '-q',
        '-S',
        '-a',
        forged,
        '-p',
        '++2000',
        '-i',
        'u1000',
        '-c',
        String(count),
        target,
      ]);
    case 'masscan':
      return repeated([
        ...['timeout', '--signal=KILL', '4', 'masscan', target, '-p', `2000-${last}`, '--rate', '1000'],
        ...[
          '--interface',
          'eth1',
          '--adapter-ip',
          forged,
          '--wait',
          '0',
          '--router-mac',
          ROUTER_MAC.replaceAll(':', '-'),
        ],
      ]);
    case 'zmap': {
      const options = `-q -S ${forged} -i eth1 -G ${ROUTER_MAC} -b /dev/null -c 0 -P ${times} -o /dev/null`;
      return [
        ['sh', '-c', `for port in $(seq 2000 ${last}); do zmap -p $port ${options} ${target}/32; done`],
      ];
    }
  }
}

/** The same over IPv6, where none of the tools can forge its address. */
async function forgeOverIpv6({ lab, target6 }: Net, forged: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const frames = Array.from({ length: PORTS['frames over IPv6'] }, (_, index) =>
      ethernet(
        tcpPacket({
          source: forged,
          destination: target6,
          sourcePort: 40_000 + time,
          destinationPort: 2_000 + index,
          flags: SYN,
        }),
        { destination: ROUTER_MAC },
      ),
    );
    await sendFrames(lab, lab.scanner, frames, 'eth1');
  }
}

/** The forged runs, and what came of them. */
const sum = { runs: 0, proven: 0, sent: 0 };

async function measureForged(net: Net): Promise<void> {
  const { lab, owner } = net;
  await setWay(net, 'plain', 0);
  for (const tool of Object.keys(PORTS) as Tool[]) {
    for (const { times, runs: count } of FORGED) {
      const name = `forged by ${tool}, each port ${times === 1 ? 'once' : `${times} times`}`;
      if (!name.startsWith(CHOSEN)) continue;
      const before = await countsAtOwner(lab, owner);
      const addresses = Array.from({ length: count }, () => {
        const last = 11 + runs++;
        return tool === 'frames over IPv6' ? owner6(last) : `${OWNER}${last}`;
      });
      for (const forged of addresses) {
        if (tool === 'frames over IPv6') await forgeOverIpv6(net, forged, times);
        else for (const command of forge(net, tool, forged, times)) await lab.run(lab.scanner, command);
      }
      // The kernel hands over its last reports within a second.
      await sleep(1_500);
      const outcomes = await Promise.all(addresses.map((forged) => whyOf(lab, forged)));
      const proven = outcomes.filter(({ source, block }) => source?.evidence === 'reacts' || block !== null);
      const tests = outcomes.flatMap(({ source }) => source?.challenge ?? []);
      const after = await countsAtOwner(lab, owner);
      sum.runs += count;
      sum.proven += proven.length;
      sum.sent += after.sent - before.sent;
      console.log(
        `${name}: proven ${proven.length} of ${count}; seen ${outcomes.filter(({ source }) => source !== null).length}; ` +
          `${tests.reduce((sum, { bets }) => sum + bets, 0)} bets, log2 M at the end at most ` +
          `${Math.max(...tests.map(({ log2 }) => log2)).toFixed(1)}; the owner got ${after.resets - before.resets} RSTs ` +
          `and sent ${after.sent - before.sent} packets`,
      );
    }
  }
  if (sum.runs > 0)
    console.log(`forged in all: proven ${sum.proven} of ${sum.runs}; the owners sent ${sum.sent} packets`);
}

const net = await makeNet();
try {
  for (const row of SCANS) if (row.name.startsWith(CHOSEN)) await measureScan(net, row);
  await measureForged(net);
} finally {
  await net.lab.close();
}
