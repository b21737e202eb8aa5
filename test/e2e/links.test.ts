import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure, configurePacketSensor, readFile, startDetector } from '../support/detector.ts';
import { concat, ethernet, ipPacket, SYN, tcpPacket, u16, vlanTag } from '../support/frames.ts';
import { heldBy } from '../support/held.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { sendFrames } from '../support/services.ts';
import { WRAPPINGS } from '../support/wrappings.ts';

/** The links that a host can have: on each of them a probe is seen, and seen once. */

const EVENT_FILE = '/var/log/portsentry.events';

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'links' });
  configurePacketSensor(lab.victim, `BLOCK_TCP="0"\nBLOCK_UDP="0"\nEVENT_FILE="${EVENT_FILE}"`);
});
afterEach(() => lab.close());

/** The ports of all probes so far, from the event file. */
function ports(): number[] {
  return readFile(lab.victim, EVENT_FILE)
    .split('\n')
    .filter((line) => line.includes('"action":"probe"'))
    .map((line) => JSON.parse(line).destination.port);
}

/** Waits for the probe of port 4000, after which all before it have been judged. Resolves to all ports, in their order. */
async function portsUntilSentinel(knock: () => Promise<unknown>): Promise<number[]> {
  await knock();
  await lab.waitFor(() => ports().includes(4000));
  return ports();
}

/** Connects to each port once, from `source`. */
function connect(host: Lab['scanner'], source: string, destination: string, ...to: number[]) {
  return lab.run(host, ['python3', '-c', CONNECT, source, destination, ...to.map(String)]);
}

const CONNECT = `
import socket, sys
source, destination, ports = sys.argv[1], sys.argv[2], sys.argv[3:]
for port in ports:
    s = socket.socket(socket.AF_INET)
    s.bind((source, 0))
    print(s.connect_ex((destination, int(port))))
    s.close()
`;

async function ip(...lines: string[]): Promise<void> {
  for (const line of lines) {
    const { code, stderr } = await lab.run(lab.victim, ['ip', ...line.split(' ')]);
    expect(stderr + code).toBe('0');
  }
}

const start = (...interfaces: string[]): Promise<LabProcess> =>
  startDetector(lab, lab.victim, ['-atcp', '-audp', ...interfaces.flatMap((name) => ['-i', name])]);

test('lo: the host probes itself from another of its loopback addresses', async () => {
  await start('lo');
  const knock = () => connect(lab.victim, '127.0.0.2', '127.0.0.1', 3000, 4000);
  expect(await portsUntilSentinel(knock)).toEqual([3000, 4000]);
});

test('ALL with the kernel sensor: what comes over loopback is logged, answered, and never held', async () => {
  configure(lab.victim, `SENSOR="kernel"\nEVENT_FILE="${EVENT_FILE}"`);
  const detector = await start('ALL');
  const { stdout } = await connect(lab.victim, '127.0.0.2', '127.0.0.1', 3000, 4000);
  expect(stdout).toBe('111\n111\n');
  await detector.waitForLine(
    /^adminalert: Host: 127\.0\.0\.2\/127\.0\.0\.2 is never blocked: loopback 127\.0\.0\.0\/8$/,
  );
  // A proxy of this host that speaks in its clients' names.
  const client = { source: '203.0.113.9', destination: lab.wire.to.ipv4, destinationPort: 5000, flags: SYN };
  await sendFrames(
    lab,
    lab.victim,
    [ethernet(tcpPacket(client), { destination: '00:00:00:00:00:00' })],
    'lo',
  );
  await detector.waitForLine(
    /^adminalert: Host: 203\.0\.113\.9\/203\.0\.113\.9 is never blocked: over the loopback of this host$/,
  );
  expect(ports()).toEqual([3000, 4000, 5000]);
  expect(await heldBy(lab, lab.victim)).toEqual([]);
});

test('any: libpcap listens on all interfaces', async () => {
  await start('any');
  const { from, to } = lab.wire;
  const knock = () => connect(lab.scanner, from.ipv4, to.ipv4, 3000, 4000);
  expect(await portsUntilSentinel(knock)).toEqual([3000, 4000]);
});

test('a bridge and its port, both listened to: one SYN is one probe', async () => {
  const { from, to } = lab.wire;
  await ip(
    'link add br0 type bridge forward_delay 0',
    'link set eth0 master br0',
    `addr del ${to.ipv4}/24 dev eth0`,
    `addr add ${to.ipv4}/24 dev br0`,
    'link set br0 up',
  );
  await lab.waitFor(() => readFile(lab.victim, '/sys/class/net/br0/operstate').trim() === 'up');
  await start('br0', 'eth0');
  const knock = () => connect(lab.scanner, from.ipv4, to.ipv4, 3000, 3001, 4000);
  expect(await portsUntilSentinel(knock)).toEqual([3000, 3001, 4000]);
});

test('a tun device, whose frames begin with the IP header', async () => {
  const tun = await lab.start(lab.victim, ['python3', '-u', '-c', TUN]);
  await tun.waitForLine(/^ready$/);
  await ip('addr add 10.98.0.1/24 dev tun0', 'link set tun0 up');
  await start('tun0');
  const packets = [3000, 4000].map((destinationPort) =>
    tcpPacket({ source: '10.98.0.2', destination: '10.98.0.1', destinationPort, flags: SYN }),
  );
  const knock = async () => {
    for (const packet of packets) tun.write(`${Buffer.from(packet).toString('hex')}\n`);
  };
  expect(await portsUntilSentinel(knock)).toEqual([3000, 4000]);
});

/** Makes tun0, and writes to it the packets that it reads, one a line in hexadecimal. */
const TUN = `
import fcntl, os, struct, sys
os.makedirs('/dev/net', exist_ok=True)
os.mknod('/dev/net/tun', 0o20600, os.makedev(10, 200))
tun = os.open('/dev/net/tun', os.O_RDWR)
IFF_TUN_NO_PI = 0x1001
fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH', b'tun0', IFF_TUN_NO_PI))
print('ready')
for line in sys.stdin:
    os.write(tun, bytes.fromhex(line))
`;

test('a tagged frame on the parent of a VLAN: the kernel removes the tag, libpcap puts it back', async () => {
  await start('eth0');
  const { from, to } = lab.wire;
  const frames = [3000, 4000].map((destinationPort) => {
    const packet = tcpPacket({ source: from.ipv4, destination: to.ipv4, destinationPort, flags: SYN });
    return ethernet(vlanTag(7, packet), { etherType: 0x8100, source: from.mac, destination: to.mac });
  });
  expect(await portsUntilSentinel(() => sendFrames(lab, lab.scanner, frames))).toEqual([3000, 4000]);
});

test('tunnels to this host: the inner packet is the probe', async () => {
  await start('eth0');
  const { from, to } = lab.wire;
  const v4 = { source: from.ipv4, destination: to.ipv4 };
  const v6 = { source: from.ipv6, destination: to.ipv6 };
  const knock = (ends: typeof v4, destinationPort: number) =>
    tcpPacket({ ...ends, destinationPort, flags: SYN });
  const gre = (etherType: number, packet: Uint8Array) => concat(u16(0), u16(etherType), packet);
  const packets = [
    ipPacket(v4, 4, knock(v4, 3000)),
    ipPacket(v4, 41, knock(v6, 3001)),
    ipPacket(v4, 47, gre(0x0800, knock(v4, 3002))),
    ipPacket(v4, 47, gre(0x86dd, knock(v6, 3003))),
    ipPacket(v6, 4, knock(v4, 3004)),
    ipPacket(v6, 41, knock(v6, 3005)),
    knock(v4, 4000),
  ];
  const frames = packets.map((packet) => ethernet(packet, { source: from.mac, destination: to.mac }));
  expect(await portsUntilSentinel(() => sendFrames(lab, lab.scanner, frames))).toEqual([
    3000, 3001, 3002, 3003, 3004, 3005, 4000,
  ]);
});

test('packets that are no IP to the kernel: PPPoE sessions, MPLS labels, 802.3 with SNAP', async () => {
  await start('eth0');
  const { from, to } = lab.wire;
  const v4 = { source: from.ipv4, destination: to.ipv4 };
  const v6 = { source: from.ipv6, destination: to.ipv6 };
  const names = ['PPPoE', 'PPPoE on a VLAN', 'MPLS', 'MPLS on a VLAN', '802.3 with SNAP'];
  const wrappings = WRAPPINGS.filter(({ name }) => names.includes(name));
  expect(wrappings).toHaveLength(names.length);
  const wrapped = wrappings.flatMap(({ wrap }, index) =>
    [v4, v6].map((ends, family) =>
      wrap(tcpPacket({ ...ends, destinationPort: 3000 + 2 * index + family, flags: SYN })),
    ),
  );
  const sentinel = ethernet(tcpPacket({ ...v4, destinationPort: 4000, flags: SYN }));
  expect(await portsUntilSentinel(() => sendFrames(lab, lab.scanner, [...wrapped, sentinel]))).toEqual([
    3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 4000,
  ]);
});
