import type { KindName } from '../../src/classify/kind.ts';
import type { Transport } from '../../src/net/protocol.ts';
import { ecsLine } from '../../src/record/ecs.ts';
import type { BlockEvent } from '../../src/respond/event.ts';
import type { ProbeEvent, ScanEvent } from '../../src/track/event.ts';
import { mmdb } from './mmdb.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const WEEK_MINUTES = 7 * DAY_MINUTES;

/** When the daemon sums up a scan: five minutes after its last probe. */
const QUIET_MINUTES = 5;

/** A daemon writes this many probes of a source one by one. */
const SINGLE_PROBES = 10;

const TARGET = '203.0.113.10';

/** What bots look for, the most wanted first. */
const BOT_PORTS: readonly (readonly [Transport, number])[] = [
  ...[23, 22, 445, 80, 443, 1433, 21, 25, 110, 135, 139, 161, 587, 631, 873, 993].map(
    (port) => ['tcp', port] as const,
  ),
  ['udp', 53],
  ['udp', 123],
  ['udp', 161],
  ['udp', 500],
];

/** Where sources are from, for a database of the test. */
export const NETWORKS: Readonly<
  Record<string, readonly [code: string, name: string, asn: number, operator: string]>
> = {
  '198.18.0.0/16': ['NL', 'Netherlands', 64_500, 'Example Hosting B.V.'],
  '198.19.0.0/17': ['US', 'United States', 64_501, 'Example Cloud Inc.'],
  '198.19.128.0/17': ['BR', 'Brazil', 64_502, 'Exemplo Telecom'],
  '198.51.100.0/24': ['DE', 'Germany', 64_503, 'Beispiel Netz GmbH'],
  '192.0.2.0/24': ['JP', 'Japan', 64_504, 'Example University'],
  '2001:db8::/32': ['FR', 'France', 64_505, 'Exemple SA'],
};

/** What was truly sent, counted by the one who sent it. */
export interface Truth {
  events: number;
  probes: number;
  scans: number;
  blocks: number;
  refusals: number;
  readonly sources: Set<string>;
}

/** A source that scans. */
interface Scan {
  readonly source: string;
  readonly first: number;
  readonly last: number;
  readonly probes: number;
  readonly ports: readonly (readonly [Transport, number])[];
  readonly tool: ProbeEvent['tool'];
  readonly blocked: boolean;
}

/**
 * Writes the events that a daemon would write in a week, about `count` of them, in the order of time; `begin` is the first
 * moment in ms. The same seed gives the same week.
 */
export function writeWeek(count: number, begin: number, write: (line: string) => void, seed = 1): Truth {
  const random = randomOf(seed);
  const truth: Truth = { events: 0, probes: 0, scans: 0, blocks: 0, refusals: 0, sources: new Set() };
  const due = new Map<number, (() => void)[]>();
  const at = (minute: number, act: () => void) => {
    const acts = due.get(minute);
    if (acts === undefined) due.set(minute, [act]);
    else acts.push(act);
  };
  const active = new Set<string>();
  const put = (line: string) => {
    truth.events++;
    write(line);
  };
  for (let minute = 0; minute < WEEK_MINUTES || due.size > 0; minute++) {
    for (const act of due.get(minute) ?? []) act();
    due.delete(minute);
    if (minute >= WEEK_MINUTES) continue;
    const now = begin + minute * MINUTE_MS;
    const wanted = (count / WEEK_MINUTES) * rhythm(minute);
    for (let made = 0; made < wanted; ) {
      if (random() > wanted - made) break;
      const scan = scanOf(random, now);
      // A source has one scan at a time.
      if (active.has(scan.source)) continue;
      active.add(scan.source);
      begins(scan, put, truth, random);
      at(minute + Math.ceil((scan.last - now) / MINUTE_MS) + QUIET_MINUTES, () => {
        active.delete(scan.source);
        ends(scan, put, truth);
      });
      made += Math.min(scan.probes, SINGLE_PROBES) + 2;
    }
  }
  return truth;
}

/** Days have more than nights, and on one evening there is a wave. */
function rhythm(minute: number): number {
  const day = 1 + 0.5 * Math.sin((2 * Math.PI * (minute - 540)) / DAY_MINUTES);
  return minute > 4.7 * DAY_MINUTES && minute < 4.9 * DAY_MINUTES ? 3 * day : 0.94 * day;
}

function scanOf(random: () => number, now: number): Scan {
  const start = now + random() * MINUTE_MS;
  const what = random();
  if (what < 0.002) return slowScan(random, start);
  if (what < 0.01) return portScan(random, start);
  const probes = 1 + Math.floor(random() ** 3 * 12);
  const port = BOT_PORTS[Math.floor(random() ** 2.2 * BOT_PORTS.length)] as readonly [Transport, number];
  return {
    source: sourceOf(random),
    first: start,
    last: start + (probes === 1 ? 0 : random() * 20_000),
    probes,
    ports: [port],
    tool: random() < 0.5 ? 'zmap' : random() < 0.4 ? 'mirai' : null,
    blocked: random() < 0.3,
  };
}

/** Many ports at once. */
function portScan(random: () => number, start: number): Scan {
  const low = random() < 0.7 ? 1 : Math.floor(random() * 900);
  const size = random() < 0.6 ? 1_000 : 100;
  return {
    source: sourceOf(random),
    first: start,
    last: start + size * 12,
    probes: size,
    ports: Array.from({ length: size }, (_, index) => ['tcp', low + index] as const),
    tool: random() < 0.6 ? 'nmap' : 'masscan',
    blocked: true,
  };
}

/** A few ports in the time of hours. */
function slowScan(random: () => number, start: number): Scan {
  const ports = 20 + Math.floor(random() * 60);
  const low = 1 + Math.floor(random() * 800);
  return {
    source: sourceOf(random),
    first: start,
    last: start + (2 + random() * 10) * 3_600_000,
    probes: ports,
    ports: Array.from({ length: ports }, (_, index) => ['tcp', low + index] as const),
    tool: null,
    blocked: false,
  };
}

/** Some addresses come again and again, most do not. */
function sourceOf(random: () => number): string {
  const what = random();
  const octet = () => Math.floor(random() * 256);
  if (what < 0.25) return `198.51.100.${Math.floor(random() ** 3 * 40)}`;
  if (what < 0.35) return `192.0.2.${Math.floor(random() ** 2 * 60)}`;
  if (what < 0.4) return `2001:db8:${Math.floor(random() * 4_096).toString(16)}::1`;
  return `198.${random() < 0.4 ? 18 : 19}.${octet()}.${octet()}`;
}

function begins(scan: Scan, put: (line: string) => void, truth: Truth, random: () => number): void {
  truth.probes += scan.probes;
  truth.sources.add(scan.source);
  const singles = Math.min(scan.probes, SINGLE_PROBES);
  for (let index = 0; index < singles; index++) {
    const port = scan.ports[index % scan.ports.length] as readonly [Transport, number];
    put(ecsLine(probeEvent(scan, scan.first + index, port), index === 0));
  }
  const first = probeEvent(scan, scan.first, scan.ports[0] as readonly [Transport, number]);
  if (scan.blocked) {
    truth.blocks++;
    put(ecsLine(blockEvent(first)));
  } else if (random() < 0.02) {
    truth.refusals++;
    put(
      ecsLine({
        ...first,
        action: 'refused',
        rule: 'never block: 198.51.100.0/28 of IGNORE_FILE',
        origin: 'ignore file',
        isSilent: false,
      }),
    );
  }
}

function ends(scan: Scan, put: (line: string) => void, truth: Truth): void {
  truth.scans++;
  put(ecsLine(scanEvent(scan)));
}

function kindOf(transport: Transport): KindName {
  return transport === 'udp' ? 'udp' : 'syn';
}

/** An event of a probe of the scan. */
export function probeEvent(
  scan: Pick<Scan, 'source' | 'tool'>,
  time: number,
  [transport, port]: readonly [Transport, number],
): ProbeEvent {
  return {
    action: 'probe',
    time,
    mode: transport === 'udp' ? 'audp' : 'atcp',
    kind: kindOf(transport),
    transport,
    family: scan.source.includes(':') ? 6 : 4,
    source: scan.source,
    sourcePort: 40_000,
    destination: TARGET,
    destinationPort: port,
    tcpFlags: transport === 'tcp' ? 2 : 0,
    ipOptions: false,
    fragmented: false,
    connects: 1,
    triggered: true,
    ignored: null,
    isSilent: false,
    repeat: false,
    note: null,
    noBlock: false,
    alreadyBlocked: false,
    evidence: 'spoofable',
    tool: scan.tool,
    decoy: false,
  };
}

/** The block that a probe began. */
export function blockEvent(probe: ProbeEvent): BlockEvent {
  return {
    ...probe,
    action: 'block',
    target: probe.source,
    until: probe.time + 86_400_000,
    times: 1,
    method: 'nftables',
    steps: [],
    reason: null,
    evidence: 'spoofable',
  };
}

function scanEvent({ source, first, last, probes, ports, tool }: Scan): ScanEvent {
  const [transport, low] = ports[0] as readonly [Transport, number];
  const high = (ports.at(-1) as readonly [Transport, number])[1];
  return {
    action: 'scan',
    time: last,
    source,
    family: source.includes(':') ? 6 : 4,
    first,
    last,
    probes,
    ports: ports.length,
    atLeast: false,
    ranges: [{ transport, first: low, last: high }],
    kinds: [kindOf(transport)],
    targets: 1,
    targetNames: [TARGET],
    answered: null,
    tried: ports.length,
    shape: ports.length === 1 ? 'single' : last - first > 600_000 ? 'slow' : 'vertical',
    tool,
    triggered: true,
    evidence: 'spoofable',
    sources: 1,
    decoys: [],
  };
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Databases of the countries and the networks of these sources, by their file names; `name` replaces all names. */
export function geoFiles(name?: string): Record<string, Buffer> {
  const countries = Object.entries(NETWORKS).map(([prefix, [code, country]]) => {
    return [prefix, { country: { iso_code: code, names: { en: name ?? country } } }] as const;
  });
  const networks = Object.entries(NETWORKS).map(([prefix, [, , asn, operator]]) => {
    return [
      prefix,
      { autonomous_system_number: asn, autonomous_system_organization: name ?? operator },
    ] as const;
  });
  return {
    'Test-Country.mmdb': mmdb('Test-Country', Object.fromEntries(countries)),
    'Test-ASN.mmdb': mmdb('Test-ASN', Object.fromEntries(networks)),
  };
}
