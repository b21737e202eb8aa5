import { resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { alertsOf, configure, dropsOf, startDetector } from '../support/detector.ts';
import {
  ACK,
  ethernet,
  FIN,
  icmpPacket,
  ipPacket,
  RST,
  SYN,
  tcpPacket,
  udpPacket,
} from '../support/frames.ts';
import { heldBy } from '../support/held.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { clientCommand, sendFrames, startService, startSniffer } from '../support/services.ts';

/**
 * With either sensor every port is watched and the first connect is blocked, and still no honest host is accused. After each stimulus a last
 * probe, from an address of its own, must be blocked: by then all packets before it have been judged.
 */

/** TEST-NET-3 (RFC 5737): the source of a detector's first last probe, which others follow, and that of forged packets. */
const LAST_PROBE = 99;
const FORGED = '203.0.113.5';
const VICTIM = '10.99.0.2';
const SCANNER = '10.99.0.1';

const SENSORS = ['kernel', 'packet'] as const;
type Sensor = (typeof SENSORS)[number];

let lab: Lab;
let sensor: Sensor;
let detector: LabProcess;
/** The sources of this detector's last probes so far, the newest first. */
let lastProbes: string[];
/** The sources that this detector may hold for a moment. */
let heldForAMoment: string[];

async function openLab(chosen: Sensor): Promise<void> {
  lab = await createLab({ name: 'honest' });
  sensor = chosen;
  configure(lab.victim, `SENSOR="${sensor}"`);
  lastProbes = [];
  heldForAMoment = [];
}

/** Makes a lab for each test of a group. */
function freshLabs(chosen: Sensor): void {
  beforeEach(() => openLab(chosen));
  afterEach(() => lab.close());
}

async function detect(args: readonly string[] = ['-atcp', '-audp']): Promise<void> {
  detector = await startDetector(lab, lab.victim, args);
}

/** Sends the packets from the scanner's side, unchanged, to the victim's interface unless `mac` is another. */
function send(packets: readonly Uint8Array[], mac = lab.wire.to.mac): Promise<void> {
  return sendFrames(
    lab,
    lab.scanner,
    packets.map((packet) => ethernet(packet, { destination: mac })),
  );
}

/** Sends one datagram from a port of the victim, closes the port, and waits until the scanner's host has the datagram. */
async function askOnce(port: number, ownPort: number, octets: string): Promise<void> {
  const sniffer = await startSniffer(lab, lab.scanner, `udp dst port ${port}`);
  await done(lab.victim, ['python3', '-c', ASK_ONCE, SCANNER, String(port), String(ownPort), octets]);
  await sniffer.ended;
}

/** `mayBeHeld` are sources that the kernel sensor may hold for a moment. */
async function expectNoAlarm(mayBeHeld: readonly string[] = []): Promise<void> {
  const source = `203.0.113.${LAST_PROBE + lastProbes.length}`;
  // To a port of its own: several sources of the same packet would be decoys.
  const destinationPort = 7777 + lastProbes.length;
  lastProbes.unshift(source);
  await send([tcpPacket({ source, destination: VICTIM, destinationPort, flags: SYN })]);
  await detector.waitForLine(new RegExp(`^attackalert: Host ${source} has been blocked`));
  const isOfOthers = (line: string) => !lastProbes.some((each) => line.includes(each));
  expect(alertsOf(detector).filter(isOfOthers)).toEqual([]);
  expect(detector.lines().filter((line) => line.includes('is never blocked'))).toEqual([]);
  const drops = lastProbes.map((each) => `-A INPUT -s ${each}/32 -j DROP`);
  expect(await dropsOf(lab, lab.victim)).toEqual(drops);
  expect(await dropsOf(lab, lab.victim, 'ip6tables')).toEqual([]);
  if (sensor === 'packet') return;
  heldForAMoment.push(...mayBeHeld);
  const held = (await heldBy(lab, lab.victim)).filter(isOfOthers);
  expect(held.filter((each) => !heldForAMoment.includes(each))).toEqual([]);
}

/** Runs a program that must work to its end. */
async function done(host: Host, command: readonly string[], output: string | RegExp = ''): Promise<void> {
  const { code, stdout, stderr } = await lab.run(host, command);
  expect(stderr).toBe('');
  expect(stdout).toMatch(output);
  expect(code).toBe(0);
}

const fetch = (host: Host, url: string) => done(host, ['curl', '-sg', '-m30', url], 'Nothing to see here');
const ask = (host: Host, script: string) =>
  done(host, ['bash', '-c', `exec 3<>/dev/udp/${script}; echo hello >&3; timeout 30 head -1 <&3`], 'hello');

const PORT = { destinationPort: 3000 };
const FROM = { source: FORGED, destination: VICTIM, ...PORT };
const FROM6 = { source: 'fd99:0::77', destination: 'fd99:0::2', ...PORT };

describe.each(SENSORS)('%s sensor', (sensor) => {
  describe('services', () => {
    freshLabs(sensor);

    test('that were there before', async () => {
      await startService(lab, lab.victim, 'http', 80);
      await startService(lab, lab.victim, 'udp-echo', 7);
      await detect();
      for (let i = 0; i < 3; i++) {
        await fetch(lab.scanner, `http://${VICTIM}/`);
        await fetch(lab.scanner, 'http://[fd99:0::2]/');
        await ask(lab.scanner, `${VICTIM}/7`);
        await ask(lab.scanner, 'fd99:0::2/7');
      }
      await expectNoAlarm();
    });

    test('that come later', async () => {
      await detect();
      await startService(lab, lab.victim, 'http', 80);
      await fetch(lab.scanner, `http://${VICTIM}/`);
      await startService(lab, lab.victim, 'udp-echo', 7);
      await ask(lab.scanner, `${VICTIM}/7`);
      await ask(lab.scanner, 'fd99:0::2/7');
      await fetch(lab.scanner, 'http://[fd99:0::2]/');
      await expectNoAlarm();
    });

    test.each(['keep', 'close'])('that are called as soon as they listen, twenty ports: %s', async (then) => {
      const caller = await lab.start(lab.scanner, ['python3', support('services/call-back.py'), 'serve']);
      await caller.waitForLine(/^listening/);
      await detect();
      const ports = Array.from({ length: 20 }, (_, i) => String(3000 + 7 * i));
      const command = ['python3', support('services/call-back.py'), 'ask', SCANNER, then, ...ports];
      const asker = await lab.start(lab.victim, command);
      await asker.waitForLine(/^20 calls/);
      await expectNoAlarm();
    });

    test('that are restarted while clients come', async () => {
      await detect();
      const service = await lab.start(lab.victim, ['python3', '-c', RESTARTED]);
      await service.waitForLine(/^listening/);
      await done(lab.scanner, ['python3', '-c', KNOCKING], /^\d+ served, \d+ refused/);
      await expectNoAlarm();
    });

    test('at one address; a probe of another address is an alarm', async () => {
      await lab.run(lab.victim, ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'eth0']);
      const service = await lab.start(lab.victim, ['python3', '-m', 'http.server', '8080', '-b', VICTIM]);
      await lab.waitFor(async () => (await lab.run(lab.victim, ['ss', '-Hltn'])).stdout.includes(':8080'));
      await detect();
      await done(lab.scanner, ['curl', '-s', '-o', '/dev/null', `http://${VICTIM}:8080/`]);
      expect(service.outcome).toBeNull();
      await expectNoAlarm();
      await lab.run(lab.scanner, ['curl', '-s', '-m1', 'http://10.99.0.9:8080/']);
      await detector.waitForLine(
        /^attackalert: TCP SYN\/Normal scan from host: 10\.99\.0\.1\/10\.99\.0\.1 to TCP port: 8080$/,
      );
    });
  });

  describe('what this host does itself', () => {
    freshLabs(sensor);

    test('asks by HTTP and DNS', async () => {
      await startService(lab, lab.scanner, 'http', 80);
      await startService(lab, lab.scanner, 'dns', 53);
      await detect();
      for (let i = 0; i < 3; i++) {
        await fetch(lab.victim, `http://${SCANNER}/`);
        await fetch(lab.victim, 'http://[fd99:0::1]/');
        await done(lab.victim, ['dig', '+short', '+tries=1', `@${SCANNER}`, 'example.org'], VICTIM);
        await done(lab.victim, ['dig', '+short', '+tries=1', '@fd99:0::1', 'example.org'], VICTIM);
      }
      await expectNoAlarm();
    });

    test('fetches by active FTP', async () => {
      await startService(lab, lab.scanner, 'ftp');
      await detect();
      for (let i = 0; i < 10; i++) {
        await done(lab.victim, clientCommand('ftp', SCANNER, VICTIM), /RETR file: 30000 octets/);
      }
      await expectNoAlarm();
    });

    test.each([0.05, 1.5])(
      'asks a resolver, and is gone after %d s when the answer comes',
      async (patience) => {
        const resolver = await startService(lab, lab.scanner, 'dns', 53, Infinity);
        await detect();
        const sniffer = await startSniffer(lab, lab.victim, 'udp src port 53');
        await done(lab.victim, ['python3', '-c', IMPATIENT, SCANNER, String(patience)]);
        await resolver.waitForLine(/^asked/);
        resolver.write('answer\n');
        expect((await sniffer.ended).stdout).toContain(`${SCANNER}.53 > ${VICTIM}.`);
        await expectNoAlarm();
      },
    );

    test('renews its lease by DHCP, without a socket when the answer comes', async () => {
      await detect();
      // As dhcpcd does: it sends the question from port 68, and reads the answer off the wire.
      await askOnce(67, 68, '01');
      const answer = { source: SCANNER, sourcePort: 67, destination: VICTIM, destinationPort: 68 };
      await send([udpPacket({ ...answer, payload: new Uint8Array(300) })]);
      await expectNoAlarm();
    });

    test('asks by QUIC, and is gone when the server repeats its answer', async () => {
      await detect();
      await askOnce(443, 40_443, 'c300000001');
      const answer = { source: SCANNER, sourcePort: 443, destination: VICTIM, destinationPort: 40_443 };
      await send([udpPacket({ ...answer, payload: new Uint8Array(1_200) })]);
      await expectNoAlarm();
    });

    test('is connected from ports below the range that the kernel chooses from', async () => {
      await startService(lab, lab.scanner, 'tcp-echo', 7);
      await detect();
      const clients = await lab.start(lab.victim, ['python3', '-c', CALLING, SCANNER]);
      await clients.waitForLine(/^connected/);
      const bare = { source: SCANNER, sourcePort: 7, destination: VICTIM };
      // To each port in turn, twice, as an NFS server without time stamps acknowledges.
      await send(
        [1, 2].flatMap(() =>
          [701, 702, 703, 704].flatMap((destinationPort) => [
            tcpPacket({ ...bare, destinationPort, flags: ACK }),
            tcpPacket({ ...bare, destinationPort, flags: FIN | ACK }),
          ]),
        ),
      );
      await expectNoAlarm();
    });

    test('talks to itself', async () => {
      await detect(['-atcp', '-audp', '-i', 'ALL']);
      await startService(lab, lab.victim, 'http', 80);
      for (const address of ['127.0.0.1', VICTIM, '[::1]', '[fd99:0::2]']) {
        await fetch(lab.victim, `http://${address}/`);
        await lab.run(lab.victim, ['curl', '-sg', `http://${address}:81/`]);
      }
      if (sensor === 'kernel') {
        await done(lab.victim, ['python3', '-c', ANSWERS_LATE, '127.0.0.2']);
      } else {
        // A last probe over this device, too: devices do not wait for one another.
        const last = {
          source: `203.0.113.${LAST_PROBE}`,
          destination: VICTIM,
          destinationPort: 7778,
          flags: SYN,
        };
        await sendFrames(lab, lab.victim, [ethernet(tcpPacket(last))], 'lo');
        await detector.waitForLine(/203\.0\.113\.99 to TCP port: 7778$/);
      }
      await expectNoAlarm();
    });

    test('pings, is pinged, and looks for its neighbours', async () => {
      await detect();
      await lab.run(lab.victim, ['ip', 'neighbour', 'flush', 'all']);
      for (const [from, flags, address] of [
        [lab.scanner, [], VICTIM],
        [lab.scanner, ['-6'], 'fd99:0::2'],
        [lab.victim, [], SCANNER],
        [lab.victim, ['-6'], 'fd99:0::1'],
      ] as const) {
        await done(from, ['nmap', '-n', '-sn', '-PE', '--disable-arp-ping', ...flags, address], /Host is up/);
      }
      await expectNoAlarm();
    });
  });

  describe('what is no probe', () => {
    freshLabs(sensor);

    test('stray ACKs and FIN/ACKs: to two ports; with time stamps or data to many', async () => {
      await detect();
      // The kernel knows which connections it has, so only ports that connections leave from are not clear.
      const first = sensor === 'kernel' ? 40_000 : 3001;
      const longer = [0, 1, 2, 3, 4].flatMap((index) => [
        tcpPacket({ ...FROM, destinationPort: first + index, flags: ACK, payload: new Uint8Array(12) }),
        tcpPacket({ ...FROM6, destinationPort: first + index, flags: FIN | ACK, payload: new Uint8Array(1) }),
      ]);
      const bare = [3000, 3001, 3000].flatMap((destinationPort) => [
        tcpPacket({ ...FROM, destinationPort, flags: ACK }),
        tcpPacket({ ...FROM6, destinationPort, flags: FIN | ACK }),
      ]);
      await send([...longer, ...bare]);
      await expectNoAlarm();
    });

    test('packets that clients still send to services that have ended', async () => {
      const ports = [8081, 8082, 8083, 8084];
      const services = await lab.start(lab.victim, ['python3', '-c', LISTENING, ...ports.map(String)]);
      await services.waitForLine(/^listening/);
      await detect();
      await services.stop();
      const late = ports.flatMap((destinationPort) => [
        tcpPacket({ ...FROM, destinationPort, flags: ACK }),
        tcpPacket({ ...FROM6, destinationPort, flags: FIN | ACK }),
      ]);
      await send(late);
      await expectNoAlarm();
    });

    test('broadcasts of others: RIP, NetBIOS, DHCP, mDNS, SSDP', async () => {
      configure(lab.victim, `SENSOR="${sensor}"\nADVANCED_EXCLUDE_UDP=""`);
      await detect();
      const from = { source: SCANNER, payload: new Uint8Array(20) };
      await send(
        [
          ...[137, 138, 520].map((port) => ({ ...from, destination: '10.99.0.255', destinationPort: port })),
          ...[67, 68].map((port) => ({ ...from, destination: '255.255.255.255', destinationPort: port })),
          // An answer to a host without an address yet, sent to an address that is not ours.
          { ...from, destination: '10.99.0.200', destinationPort: 68 },
          { ...from, destination: '224.0.0.251', destinationPort: 5353 },
          { ...from, destination: '239.255.255.250', destinationPort: 1900 },
          { ...from, destination: '224.0.0.9', destinationPort: 520 },
          { ...from, source: 'fd99:0::1', destination: 'ff02::fb', destinationPort: 5353 },
          { ...from, source: 'fd99:0::1', destination: 'ff02::1:2', destinationPort: 547 },
        ].map((fields) => udpPacket(fields)),
        'ff:ff:ff:ff:ff:ff',
      );
      await expectNoAlarm();
    });
  });

  describe('what is no probe either, all to one detector', () => {
    beforeAll(async () => {
      await openLab(sensor);
      await detect();
    });
    afterAll(() => lab.close());

    test('ICMP errors of routers, path MTU among them', async () => {
      const ends = { source: FORGED, destination: VICTIM };
      const ends6 = { source: 'fd99:0::77', destination: 'fd99:0::2' };
      await send([
        ...[0, 3, 4, 5, 11, 12, 14].map((type) => icmpPacket(ends, type)),
        ...[1, 2, 3, 4, 129, 135, 136].map((type) => icmpPacket(ends6, type)),
      ]);
      await expectNoAlarm();
    });

    test('routing and tunnels: OSPF, VRRP, ESP, IGMP to this host', async () => {
      const ends = { source: FORGED, destination: VICTIM };
      await send(
        [2, 50, 51, 89, 103, 112, 124].map((protocol) => ipPacket(ends, protocol, new Uint8Array(24))),
      );
      await expectNoAlarm();
    });

    test('backscatter', async () => {
      await send(
        [SYN | ACK, RST, RST | ACK].flatMap((flags) => [
          tcpPacket({ ...FROM, flags }),
          tcpPacket({ ...FROM6, flags }),
        ]),
      );
      await expectNoAlarm();
    });

    test('packets that this host drops because of wrong checksums', async () => {
      const from = { ...FROM, source: '203.0.113.6' };
      const from6 = { ...FROM6, source: 'fd99::78' };
      await send([
        tcpPacket({ ...from, flags: SYN, checksum: 0xdead }),
        tcpPacket({ ...from6, flags: SYN, checksum: 0xdead }),
        tcpPacket({ ...from, flags: SYN }, { checksum: 0xdead }),
        udpPacket({ ...from, checksum: 0xdead }),
        udpPacket({ ...from6, checksum: 0xdead }),
        // RFC 8200, section 8.1: over IPv6 a datagram must have a checksum.
        udpPacket({ ...from6, checksum: 0 }),
      ]);
      // The kernel sensor sees that a sum is wrong when the source is held already, for HOLD_TIME at most.
      await expectNoAlarm([from.source, from6.source]);
    });

    test.each(['255.255.255.255', '10.99.0.255', '224.0.0.251', 'ff02::fb%eth0'])(
      'a datagram to %s',
      async (group) => {
        await done(lab.scanner, ['python3', support('send-datagram.py'), 'eth0', group, '3000']);
        await expectNoAlarm();
      },
    );

    test('a SYN to a group', async () => {
      const groups = ['255.255.255.255', '10.99.0.255', '10.99.0.0', '224.0.0.1'];
      const packets = groups.map((destination) => tcpPacket({ ...FROM, destination, flags: SYN }));
      await send(
        [...packets, tcpPacket({ ...FROM6, destination: 'ff02::1', flags: SYN })],
        'ff:ff:ff:ff:ff:ff',
      );
      await expectNoAlarm();
    });

    test("other hosts' traffic", async () => {
      const packets = [
        tcpPacket({ ...FROM, destination: '10.99.0.77', flags: SYN }),
        udpPacket({ ...FROM, destination: '10.99.0.77' }),
      ];
      await send(packets);
      await send(packets, '02:99:00:00:00:77');
      await expectNoAlarm();
    });
  });
});

/** A service that, after its first client, is there for a tenth of a second and gone for a twentieth, again and again. */
const RESTARTED = `
import socket, time
s = socket.create_server(('', 8080))
print('listening', flush=True)
s.accept()[0].close()
s.close()
while True:
    s = socket.create_server(('', 8080), backlog=100)
    s.settimeout(0.02)
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        try:
            s.accept()[0].close()
        except TimeoutError:
            pass
    s.close()
    time.sleep(0.05)
`;

/** Clients of it, one after another, until enough of them were served and enough were refused. */
const KNOCKING = `
import socket, time
served = refused = 0
while served < 50 or refused < 20:
    try:
        socket.create_connection(('${VICTIM}', 8080), timeout=30).close()
        served += 1
    except OSError:
        refused += 1
    time.sleep(0.01)
print(served, 'served,', refused, 'refused')
`;

/** Listens on ports until it is ended. */
const LISTENING = `
import socket, sys
sockets = [socket.create_server(('', int(port))) for port in sys.argv[1:]]
print('listening', flush=True)
sys.stdin.read()
`;

/** Connects from ports that the kernel does not choose by itself, as NFS clients do, and stays connected. */
const CALLING = `
import socket, sys
sockets = []
for port in (701, 702, 703, 704):
    s = socket.socket()
    s.bind(('', port))
    s.connect((sys.argv[1], 7))
    sockets.append(s)
print('connected', flush=True)
sys.stdin.read()
`;

/** Sends one datagram from a port, and closes the port at once. */
const ASK_ONCE = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', int(sys.argv[3])))
s.sendto(bytes.fromhex(sys.argv[4]), (sys.argv[1], int(sys.argv[2])))
`;

/** Asks a name server, and closes its port after a while without reading. */
const IMPATIENT = `
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(bytes.fromhex('123401000001000000000000') + b'\\7example\\3org\\0\\0\\1\\0\\1', (sys.argv[1], 53))
time.sleep(float(sys.argv[2]))
s.close()
`;

function support(path: string): string {
  return resolve('test/support', path);
}

/** A service of this host answers when its client, on this host as well, is gone. */
const ANSWERS_LATE = `
import socket, sys
server = socket.socket(type=socket.SOCK_DGRAM)
server.bind((sys.argv[1], 0))
with socket.socket(type=socket.SOCK_DGRAM) as client:
    client.sendto(b'?', server.getsockname())
client = server.recvfrom(9)[1]
assert client[0] != sys.argv[1]
server.sendto(b'!', client)
`;
