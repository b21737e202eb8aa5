import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersOf, countAnswers } from '../support/answers.ts';
import { configure, startDetector } from '../support/detector.ts';
import { fragment, fragmentsAt } from '../support/fragments.ts';
import {
  ACK,
  concat,
  ethernet,
  FIN,
  PSH,
  RST,
  SYN,
  tcpPacket,
  tcpSegment,
  URG,
  udpPacket,
  vlanTag,
} from '../support/frames.ts';
import { heldBy } from '../support/held.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { sendFrames, startService } from '../support/services.ts';
import { withExtensions } from '../support/wrappings.ts';

/**
 * What walks past a reader of frames is seen by the kernel sensor, and answered nothing. Each way is first gone to a port
 * that is excluded: its answer shows that the kernel takes the packet at all. Then it is gone to idle ports, each time from
 * an address that has sent nothing yet.
 */

/** TCP port 113 is excluded by default, so its RSTs come. */
const EXCLUDED_PORT = 113;

/** How often a way is gone to idle ports. */
const TIMES = 3;

const SOURCES = 200;
const VICTIM = { ipv4: '10.99.0.2', ipv6: 'fd99:0::2' };

/** An address of the victim that no interface has: a route alone makes it local. */
const ANYCAST = { ipv4: '192.0.2.7', ipv6: '2001:db8:1::7' };

/** Forged sources. */
const FILLER = { ipv4: '198.51.100.9', ipv6: '2001:db8:2::9' };

let lab: Lab;
let detector: LabProcess;
/** Sources and ports that were used. */
let used = 0;

beforeAll(async () => {
  lab = await createLab({ name: 'kernel-evasion' }, { extraAddresses: SOURCES });
  await lab.link(lab.scanner, lab.victim);
  for (const command of COMMANDS) await done(['ip', ...command.split(' ')]);
  configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"\nBLOCK_IPV6_PREFIX="128"');
  await startService(lab, lab.victim, 'http', 80);
  detector = await startDetector(lab, lab.victim);
  await countAnswers(lab);
});
afterAll(() => lab.close());

const VXLAN_MAC = '02:99:00:00:77:01';
const COMMANDS = [
  `route add local ${ANYCAST.ipv4} dev lo`,
  `-6 route add local ${ANYCAST.ipv6} dev lo`,
  'address flush dev eth1',
  `link add vx0 address ${VXLAN_MAC} type vxlan id 7 dstport 4789 local ${VICTIM.ipv4} dev eth0`,
  'link set vx0 up',
];

async function done(command: readonly string[]): Promise<void> {
  const { code, stderr } = await lab.run(lab.victim, command);
  expect(stderr).toBe('');
  expect(code).toBe(0);
}

/** One attempt: from an address of the scanner to a port. */
interface Attempt {
  readonly source: string;
  readonly port: number;
  /** Tells attempts apart. */
  readonly number: number;
}

/** Makes the frames of an attempt, to the victim's hardware address. */
type Way = (attempt: Attempt) => Uint8Array[];

type Family = 'ipv4' | 'ipv6';

function nextSource(family: Family): Pick<Attempt, 'source' | 'number'> {
  const { extraIpv4, extraIpv6 } = lab.wire.from;
  const number = used++;
  const source = (family === 'ipv4' ? extraIpv4 : extraIpv6)[number];
  if (source === undefined) throw new Error('more sources are needed');
  return { source: source.replace(':0::', '::'), number };
}

async function send(way: Way, attempt: Attempt, networkInterface = 'eth0'): Promise<void> {
  await sendFrames(lab, lab.scanner, way(attempt), networkInterface);
}

/** Sends an attempt to the excluded port, and waits for its answer: all that was sent before it was taken by then. */
async function expectAnswer(way: Way, family: Family, networkInterface?: string): Promise<void> {
  const before = await answersOf(lab);
  await send(way, { ...nextSource(family), port: EXCLUDED_PORT }, networkInterface);
  await lab.waitFor(async () => (await answersOf(lab)) > before);
}

/** The kernel takes packets that go this way, the sensor sees them, and the victim answers none of them. */
async function expectSeen(way: Way, family: Family, networkInterface?: string): Promise<void> {
  await expectAnswer(way, family, networkInterface);
  const before = await answersOf(lab);
  for (let time = 0; time < TIMES; time++) {
    const { source, number } = nextSource(family);
    const port = 3000 + number;
    await send(way, { source, port, number }, networkInterface);
    await detector.waitForLine(alertOf(source, port));
    expect(await heldBy(lab, lab.victim)).toContain(source);
  }
  await expectAnswer(plain(family), family);
  expect((await answersOf(lab)) - before).toBe(1);
}

function alertOf(source: string, port: number): RegExp {
  return new RegExp(`^attackalert: .* from host: ${source}/${source} to TCP port: ${port}$`);
}

/** Each source has a hardware address of its own: one that has many addresses is held as a whole. */
function frame(packet: Uint8Array): Uint8Array {
  const source = `02:99:01:00:00:${used.toString(16).padStart(2, '0')}`;
  return ethernet(packet, { destination: lab.wire.to.mac, source });
}

function synFrom({ source, port }: Attempt, destination: string): Uint8Array {
  return tcpPacket({ source, destination, destinationPort: port, flags: SYN });
}

/** A SYN as it is. */
function plain(family: Family): Way {
  return (attempt) => [frame(synFrom(attempt, VICTIM[family]))];
}

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;

const repeated = (count: number, ...kinds: number[]) =>
  Array.from({ length: count }, (_, index) => kinds[index % kinds.length] as number);

describe('IPv6 extension headers', () => {
  test.each<[string, number[]]>([
    ['17 destination options', repeated(17, DESTINATION_OPTIONS)],
    ['17 routing headers', repeated(17, ROUTING)],
    ['20 atomic fragments', repeated(20, FRAGMENT)],
    ['20 of three kinds', repeated(20, DESTINATION_OPTIONS, ROUTING, FRAGMENT)],
    [
      '40 of four kinds',
      [HOP_BY_HOP, ...repeated(39, FRAGMENT, DESTINATION_OPTIONS, ROUTING, DESTINATION_OPTIONS)],
    ],
    ['150 destination options', repeated(150, DESTINATION_OPTIONS)],
  ])('%s', async (_what, types) => {
    await expectSeen((attempt) => [frame(withExtensions(synFrom(attempt, VICTIM.ipv6), types))], 'ipv6');
  });
});

describe('fragments', () => {
  /** A SYN with data cut at this octet, and 1,100 first fragments of another host between its parts. */
  const filled =
    (family: Family, cut: number): Way =>
    ({ source, port, number }) => {
      const ends = { source, destination: VICTIM[family] };
      const fields = { ...ends, destinationPort: port, flags: SYN, payload: new Uint8Array(40) };
      const segment = tcpSegment(fields);
      const [first, second] = fragmentsAt(ends, 6, segment, [cut], { identification: 0x4000 + number });
      const filler = Array.from({ length: 1_100 }, (_, identification) =>
        fragment({ ...ends, source: FILLER[family] }, 6, segment.subarray(0, cut), {
          offset: 0,
          more: true,
          identification,
        }),
      );
      return [first as Uint8Array, ...filler, second as Uint8Array].map(frame);
    };

  test('of IPv4, with 1,100 first fragments of another host between', () =>
    expectSeen(filled('ipv4', 8), 'ipv4'));

  // Linux takes no first fragment over IPv6 without the whole header.
  test('of IPv6, cut behind the header, with 1,100 first fragments of another host between', () =>
    expectSeen(filled('ipv6', 24), 'ipv6'));

  test('of IPv6, the first one too short for the ports: the answer says nothing of the port', async () => {
    const short: Way = ({ source, port, number }) => {
      const ends = { source, destination: VICTIM.ipv6 };
      const segment = tcpSegment({ ...ends, destinationPort: port, flags: SYN });
      return fragmentsAt(ends, 6, segment, [8], { identification: 0x5000_0000 + number }).map(frame);
    };
    const answersTo = async (port: number) => {
      const before = await answersOf(lab);
      await send(short, { ...nextSource('ipv6'), port });
      await expectAnswer(plain('ipv6'), 'ipv6');
      return (await answersOf(lab)) - before - 1;
    };
    expect([await answersTo(EXCLUDED_PORT), await answersTo(3000), await answersTo(80)]).toEqual([1, 1, 1]);
  });
});

describe('other ways', () => {
  test.each(['ipv4', 'ipv6'] as const)('forged SYN/ACKs of this host before the SYN: %s', async (family) => {
    await expectSeen((attempt) => {
      const { source, port } = attempt;
      const destination = VICTIM[family];
      const ends = { sourcePort: port, destinationPort: 40_000, flags: SYN | ACK };
      return [
        frame(tcpPacket({ ...ends, source: destination, destination: source })),
        frame(tcpPacket({ ...ends, source: destination, destination })),
        ethernet(tcpPacket({ ...ends, source: destination, destination: source }), {
          destination: 'ff:ff:ff:ff:ff:ff',
          source: lab.wire.to.mac,
        }),
        frame(synFrom(attempt, destination)),
      ];
    }, family);
  });

  test.each(['ipv4', 'ipv6'] as const)('an address that only a route makes local: %s', (family) =>
    expectSeen((attempt) => [frame(synFrom(attempt, ANYCAST[family]))], family),
  );

  test.each(['ipv4', 'ipv6'] as const)('an interface without an address: %s', (family) =>
    expectSeen(
      (attempt) => [ethernet(synFrom(attempt, VICTIM[family]), { destination: '02:99:00:00:01:02' })],
      family,
      'eth1',
    ),
  );

  test.each(['ipv4', 'ipv6'] as const)('two tags of VLAN 0: %s', (family) =>
    expectSeen((attempt) => {
      const tagged = vlanTag(0, vlanTag(0, synFrom(attempt, VICTIM[family])), 0x8100);
      return [ethernet(tagged, { destination: lab.wire.to.mac, etherType: 0x8100 })];
    }, family),
  );

  test('a tunnel to this host: VXLAN', () =>
    expectSeen((attempt) => {
      const inner = ethernet(synFrom(attempt, VICTIM.ipv4), { destination: VXLAN_MAC });
      const header = Uint8Array.of(0x08, 0, 0, 0, 0, 0, 7, 0);
      const ends = { source: '10.99.0.1', destination: VICTIM.ipv4 };
      return [frame(udpPacket({ ...ends, destinationPort: 4789, payload: concat(header, inner) }))];
    }, 'ipv4'));
});

describe('impossible segments to a port in use', () => {
  // The sources are forged and finish no handshake. A SYN/ACK sent again would count as a second answer.
  beforeAll(() => done(['sysctl', '-qw', 'net.ipv4.tcp_synack_retries=0']));

  test.each<[string, number]>([
    ['NULL', 0],
    ['FIN', FIN],
    ['XMAS', FIN | PSH | URG],
    ['PSH', PSH],
    ['SYN/FIN', SYN | FIN],
    ['SYN/FIN with ACK', SYN | FIN | ACK],
    ['SYN/RST', SYN | RST],
    ['SYN/RST with ACK', SYN | RST | ACK],
    ['all six flags', FIN | SYN | RST | PSH | ACK | URG],
  ])('%s: held and logged, and others are served', async (_what, flags) => {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const attempt = { ...nextSource(family), port: 80 };
      const destination = VICTIM[family];
      const before = await answersOf(lab);
      await send(
        ({ source, port }) => [frame(tcpPacket({ source, destination, destinationPort: port, flags }))],
        attempt,
      );
      await detector.waitForLine(alertOf(attempt.source, 80));
      expect(await heldBy(lab, lab.victim)).toContain(attempt.source);
      // A held source does not reach the service either.
      await send(plain(family), attempt);
      await expectAnswer(plain(family), family);
      expect((await answersOf(lab)) - before).toBe(1);
    }
    const page = await lab.run(lab.scanner, ['curl', '-s', '-m30', `http://${VICTIM.ipv4}/`]);
    expect(page.stdout).toContain('Nothing to see here');
  });
});

describe('what others send through this host makes no port its own', () => {
  beforeAll(() => done(['sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.ip_forward=1']));

  test('a forged SYN/ACK', () =>
    expectSeen((attempt) => {
      // To a neighbour that is not there.
      const ends = { source: VICTIM.ipv6, destination: 'fd99::7777', destinationPort: 40_000 };
      return [
        frame(tcpPacket({ ...ends, sourcePort: attempt.port, flags: SYN | ACK })),
        frame(synFrom(attempt, VICTIM.ipv6)),
      ];
    }, 'ipv6'));

  /** The last probes of a source, to idle ports. */
  async function expectAlerts(
    packets: readonly Uint8Array[],
    source: string,
    ...alerts: RegExp[]
  ): Promise<void> {
    const before = await answersOf(lab);
    await sendFrames(lab, lab.scanner, packets.map(frame));
    for (const alert of alerts) await detector.waitForLine(alert);
    await expectAnswer(plain('ipv4'), 'ipv4');
    expect((await answersOf(lab)) - before).toBe(1);
    expect(await heldBy(lab, lab.victim)).toContain(source);
  }

  // Linux forwards no IPv4 packet with an address of its own as the source.
  test.each([
    ['ipv4', '10.99.0.1'],
    ['ipv6', 'fd99::1'],
    ['ipv6', VICTIM.ipv6],
  ] as const)('a question over %s from %s', async (family, asker) => {
    const { source, number } = nextSource(family);
    const port = 3000 + number;
    const before = await answersOf(lab);
    const question = { source: asker, sourcePort: port, destination: source, destinationPort: 53 };
    await sendFrames(lab, lab.scanner, [frame(udpPacket(question))]);
    // It comes back from the victim.
    await lab.waitFor(async () => (await answersOf(lab)) > before);
    const probe = { source, sourcePort: 53, destination: VICTIM[family], destinationPort: port };
    await expectAlerts([udpPacket(probe)], source, udpAlertOf(source, port));
  });

  test('a forged RST', async () => {
    const { source, number } = nextSource('ipv6');
    const ports = [3000 + number, 3200 + number, 3400 + number];
    const before = await answersOf(lab);
    const end = { source: VICTIM.ipv6, destination: source, destinationPort: 80, flags: RST };
    await sendFrames(
      lab,
      lab.scanner,
      ports.map((sourcePort) => frame(tcpPacket({ ...end, sourcePort }))),
    );
    await lab.waitFor(async () => (await answersOf(lab)) >= before + ports.length);
    const segment = { source, sourcePort: 80, destination: VICTIM.ipv6, flags: ACK };
    await sendFrames(
      lab,
      lab.scanner,
      ports.map((destinationPort) => frame(tcpPacket({ ...segment, destinationPort }))),
    );
    await detector.waitForLine(alertOf(source, ports[2] as number));
  });
});

function udpAlertOf(source: string, port: number): RegExp {
  return new RegExp(`UDP scan from host: ${source}/${source} to UDP port: ${port}$`);
}
