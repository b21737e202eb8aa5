import { resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { alertsOf, configure, startDetector } from '../support/detector.ts';
import { ACK, ethernet, FIN, SYN, tcpPacket, udpPacket } from '../support/frames.ts';
import { elementsOf, heldBy, sensorCount } from '../support/held.ts';
import { createLab, type Lab, type Link } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { ABORTS, SENDS } from '../support/resets.ts';
import { sendFrames, startService } from '../support/services.ts';

/**
 * With the kernel sensor no honest host is held, accused or logged, all to one detector that watches every TCP port. After
 * each row a last probe from an address of its own must be blocked: by then all packets before it have been judged.
 * no-false-alarm.test.ts has the rows that the packet sensor passes, too.
 */

const CLIENT = '10.99.0.1';
const VICTIM = '10.99.0.2';
const VICTIM6 = 'fd99:0::2';
/** Behind a long cable, in the network of the victim's second interface. */
const BACKEND = '10.99.1.9';
const CONTAINER = '172.17.0.2';
const BRIDGE = '172.17.0.1';
/** Behind the client, which is a router to it. */
const FAR = '10.99.4.2';
const FAR6 = 'fd99:4::2';

/** UDP ports are watched below those of traceroute. */
const FIRST_TRACEROUTE_PORT = 33_434;

/** Ports of services that are away for a while. */
const AWAY = 8081;
const LATE = 8082;

let lab: Lab;
let detector: LabProcess;
let relay: Host;
let backend: Host;
let container: Host;
let far: Host;
let cable: [Link, Link];
/** The sources of the last probes so far. */
const lastProbes: string[] = [];
/** The services on the port `AWAY`. */
let away: LabProcess[];
/** Probes of rows that are logged, not held. */
let loggedOnly = 0;

beforeAll(async () => {
  lab = await createLab({ name: 'kernel-honest' });
  [relay, backend, container, far] = (await Promise.all(
    ['relay', 'backend', 'container', 'far'].map((name) => lab.host(name)),
  )) as [Host, Host, Host, Host];
  cable = [await lab.link(lab.victim, relay), await lab.link(relay, backend)];
  await lab.link(lab.victim, container);
  await lab.link(lab.scanner, far);
  await ip(backend, `address add ${BACKEND}/24 dev eth0`, 'route add default via 10.99.1.1');
  await ip(container, 'address flush dev eth0', `address add ${CONTAINER}/16 dev eth0`);
  await ip(container, `route add default via ${BRIDGE}`);
  await ip(
    lab.victim,
    'address flush dev eth2',
    'link add docker0 type bridge',
    'link set eth2 master docker0',
  );
  await ip(lab.victim, `address add ${BRIDGE}/16 dev docker0`, 'link set docker0 up');
  configure(
    lab.victim,
    `SENSOR="kernel"\nBLOCK_METHOD="nftables"\nADVANCED_PORTS_UDP="${FIRST_TRACEROUTE_PORT}"`,
  );
  // A former run knew two services; the second one is late when the next run begins.
  const late = await startBoth(LATE);
  away = await startBoth(AWAY);
  const former = await startDetector(lab, lab.victim);
  await former.stop();
  await Promise.all(late.map((service) => service.stop()));
  await startService(lab, lab.scanner, 'http', 80);
  await startService(lab, lab.victim, 'http', 80);
  await startService(lab, lab.victim, 'udp-echo', 7);
  await startService(lab, lab.victim, 'udp-echo', 443);
  detector = await startDetector(lab, lab.victim);
});
afterAll(() => lab.close());

/** Services of TCP and UDP on one port. */
function startBoth(port: number): Promise<LabProcess[]> {
  const names = ['tcp-echo', 'udp-echo'] as const;
  return Promise.all(names.map((name) => startService(lab, lab.victim, name, port)));
}

async function done(host: Host, command: readonly string[], output: string | RegExp = ''): Promise<void> {
  const { code, stdout, stderr } = await lab.run(host, command);
  expect(stderr).toBe('');
  expect(stdout).toMatch(output);
  expect(code).toBe(0);
}

async function ip(host: Host, ...commands: string[]): Promise<void> {
  for (const command of commands) await done(host, ['ip', ...command.split(' ')]);
}

const python = (host: Host, script: string, ...args: (string | number)[]) =>
  done(host, ['python3', '-c', script, ...args.map(String)]);

const fetch = (host: Host, url: string) => done(host, ['curl', '-sg', '-m30', url], 'Nothing to see here');

/** Sends packets from the client's side of the cable, unchanged. */
const send = (packets: readonly Uint8Array[]) =>
  sendFrames(
    lab,
    lab.scanner,
    packets.map((packet) => ethernet(packet, { destination: lab.wire.to.mac })),
  );

afterEach(async () => {
  const number = lastProbes.length;
  const source = `203.0.113.${number + 1}`;
  lastProbes.push(source);
  await send([tcpPacket({ source, destination: VICTIM, destinationPort: 7000 + number, flags: SYN })]);
  await detector.waitForLine(new RegExp(`^attackalert: Host ${source} has been blocked`));
  const isOfOthers = (text: string) => !lastProbes.some((each) => text.includes(each));
  const alerts = alertsOf(detector).filter(isOfOthers);
  // A spared source is logged, and no more.
  expect(alerts.filter((text) => !text.includes(` from host: ${CONTAINER}/`))).toEqual([]);
  expect(alerts).toHaveLength(loggedOnly);
  expect((await heldBy(lab, lab.victim)).filter(isOfOthers)).toEqual([]);
  expect(await sensorCount(lab, lab.victim, 'probes')).toBe(lastProbes.length + loggedOnly);
});

describe('services', () => {
  test('one that is away, with a health checker on it, and comes back', async () => {
    await Promise.all(away.map((service) => service.stop()));
    await check(AWAY);
  });

  test('one that a former run knew, and that comes up late at boot', () => check(LATE));

  test('one that is gone again before anybody has looked', async () => {
    const service = await lab.start(lab.victim, ['python3', '-c', SERVES_ONE, '8083']);
    await service.waitForLine(/^listening/);
    await python(lab.scanner, FIRST_AND_LATER, VICTIM, 8083);
  });

  test('one whose client uses its port again at once', async () => {
    const service = await lab.start(lab.victim, ['python3', '-c', CLOSES_FIRST, '8084']);
    await service.waitForLine(/^listening/);
    await python(lab.scanner, SAME_PORT, VICTIM, 8084);
    const sockets = ['ss', '-Htan', 'state', 'time-wait', 'sport', '=', ':8084'];
    await done(lab.victim, sockets, `${CLIENT}:5000`);
  });

  test('3,000 connections, as fast as they come', () =>
    done(lab.scanner, [process.execPath, '-e', CONNECTS, VICTIM, '80', '3000'], '3000 served'));

  test('QUIC: large datagrams from many ports', () => python(lab.scanner, ASKS_ECHO, VICTIM, 443, 1_200, 40));

  test.each([VICTIM, VICTIM6])('datagrams in fragments, to %s', (address) =>
    python(lab.scanner, ASKS_ECHO, address, 7, 5_000, 20),
  );

  test('a network with a smaller path MTU', async () => {
    await done(lab.scanner, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
    await ip(lab.scanner, 'link set eth1 mtu 1280');
    await ip(far, 'route add default via 10.99.4.1', '-6 route add default via fd99:4::1');
    await ip(lab.victim, `route add ${FAR}/32 via ${CLIENT}`, `-6 route add ${FAR6}/128 via fd99:0::1`);
    for (const address of [VICTIM, `[${VICTIM6}]`]) {
      const command = ['curl', '-sg', '-m30', '-o', '/dev/null', '-w', '%{size_download}'];
      await done(far, [...command, `http://${address}/long`], '100000');
    }
    for (const address of [FAR, FAR6]) await done(lab.victim, ['ip', 'route', 'get', address], 'mtu 1280');
  });

  test('ident, which a server asks its client, and traceroute', async () => {
    await python(lab.scanner, REFUSED, VICTIM, 113);
    const ports = ['--udp', '-p', `++${FIRST_TRACEROUTE_PORT}`, '-c', '30', '-i', 'u2000'];
    await lab.run(lab.scanner, ['hping3', ...ports, VICTIM]);
  });
});

/** A health checker tries the port of a service that is away; it is served when the service is there. */
async function check(port: number): Promise<void> {
  const checker = await lab.start(lab.scanner, ['python3', '-c', CHECKS, VICTIM, String(port)]);
  await checker.waitForLine(/^50 refused/);
  await startBoth(port);
  expect((await checker.ended).stdout).toContain('served');
}

/** The ports of ten protocols whose answers may come late. */
const PROTOCOLS = [
  ['DNS', 53],
  ['TFTP', 69],
  ['Kerberos', 88],
  ['NTP', 123],
  ['SNMP', 161],
  ['QUIC', 443],
  ['IKE', 500],
  ['RADIUS', 1812],
  ['STUN', 3478],
  ['CoAP', 5683],
] as const;

/** The first of the ports that questions leave from: watched, and none that the kernel chooses by itself. */
const OWN_PORT = 20_000;

describe('what this host does itself', () => {
  test('it is gone when the answers come: ten protocols', async () => {
    const servers = [
      [CLIENT, VICTIM],
      ['fd99:0::1', VICTIM6],
    ] as const;
    const questions = servers.flatMap(([source, destination]) =>
      PROTOCOLS.map(([name, port], index) => ({ source, destination, name, port, own: OWN_PORT + index })),
    );
    await asks(questions.map(({ source, port, own }) => [own, source, port]));
    await send(
      questions.map(({ source, destination, name, port, own }) =>
        // A TFTP server answers from a port of its own (RFC 1350, section 4).
        udpPacket({ source, destination, sourcePort: name === 'TFTP' ? 40_069 : port, destinationPort: own }),
      ),
    );
  });

  test('it is gone when the answers of a group come', async () => {
    const groups = [
      ['239.255.255.250', 1900],
      ['224.0.0.251', 5353],
      ['10.99.0.255', 137],
      ['255.255.255.255', 69],
      ['ff02::fb%eth0', 5353],
      ['ff02::1:3%eth0', 5355],
    ] as const;
    await asks(groups.map(([group, port], index) => [OWN_PORT + 100 + index, group, port]));
    await send(
      groups.flatMap(([group, port], index) =>
        [1, 77].map((host) => {
          const isV6 = group.includes(':');
          const ends = isV6
            ? { source: `fd99::${host}`, destination: VICTIM6 }
            : { source: `10.99.0.${host}`, destination: VICTIM };
          return udpPacket({ ...ends, sourcePort: port, destinationPort: OWN_PORT + 100 + index });
        }),
      ),
    );
  });

  test('it resets connections while data still comes', async () => {
    await startEndless();
    const ports = [4001, 4002, 4003, 4004, 4005, 40_001];
    await python(lab.victim, ABORTS, CLIENT, ENDLESS, ...ports);
    await send(ports.flatMap(tailTo));
  });

  test('it goes on when somebody forges its address', async () => {
    const own = { destinationPort: 3000, flags: SYN };
    await send([
      tcpPacket({ ...own, source: VICTIM, destination: VICTIM }),
      tcpPacket({ ...own, source: VICTIM6, destination: VICTIM6 }),
      udpPacket({ source: VICTIM6, destination: VICTIM6, destinationPort: 3000 }),
    ]);
    await detector.waitForLine(/had an address of this host as the source: forged, and dropped\.$/);
    await fetch(lab.victim, `http://[${VICTIM6}]/`);
    await fetch(lab.scanner, `http://[${VICTIM6}]/`);
  });
});

/** The port of a server that sends without end. */
const ENDLESS = 9000;

async function startEndless(): Promise<void> {
  const server = await lab.start(lab.scanner, ['python3', '-c', SENDS, String(ENDLESS)]);
  await server.waitForLine(/^listening/);
}

/** What a server may still send on a connection that it does not yet know to be gone. */
function tailTo(destinationPort: number): Uint8Array[] {
  const ends = { source: CLIENT, sourcePort: ENDLESS, destination: VICTIM, destinationPort };
  return [
    tcpPacket({ ...ends, flags: ACK, payload: new Uint8Array(1_000) }),
    tcpPacket({ ...ends, flags: ACK }),
    tcpPacket({ ...ends, flags: FIN | ACK }),
  ];
}

/** Sends a datagram from each port of the victim, and closes the port at once. */
const asks = (questions: readonly (readonly [own: number, address: string, port: number])[]) =>
  python(lab.victim, ASKS, JSON.stringify(questions));

const PUBLISHED = `
table ip published {
  chain prerouting {
    type nat hook prerouting priority -100; policy accept
    iif eth0 tcp dport 8088 dnat to ${BACKEND}:80
    iif eth0 udp dport 5300 dnat to ${BACKEND}:53
    iif eth0 tcp dport 8089 redirect to :80
    iif eth0 udp dport 53 redirect to :5353
  }
}
`;

describe('published ports', () => {
  beforeAll(async () => {
    await done(lab.victim, ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    await done(lab.victim, ['nft', PUBLISHED]);
    await startService(lab, backend, 'http', 80);
    await startService(lab, backend, 'dns', 53);
    await startService(lab, lab.victim, 'dns', 5353);
  });
  afterAll(() => done(lab.victim, ['nft', 'delete', 'table', 'ip', 'published']));

  test.each([0.3, 3, 20])('DNAT to a host %d ms away, the first client', async (delayMs) => {
    const ends = cable.map(({ to, from }) => (to.host === relay ? to : from).interface);
    const relaying = [support('slow-cable.py'), ...ends, String(delayMs)];
    const slow = await lab.start(relay, ['python3', ...relaying]);
    await slow.waitForLine(/^listening/);
    await ip(lab.victim, 'neighbour flush all');
    await fetch(lab.scanner, `http://${VICTIM}:8088/`);
    await asksName(lab.scanner, VICTIM, 5300);
    await slow.stop();
  });

  test('REDIRECT', async () => {
    await fetch(lab.scanner, `http://${VICTIM}:8089/`);
    await asksName(lab.scanner, VICTIM, 53);
  });
});

const asksName = (host: Host, server: string, port = 53) =>
  done(host, ['dig', '+short', '-p', String(port), `@${server}`, 'example.org'], VICTIM);

/** The rules that docker makes for a container with published ports, without its proxy. */
const DOCKER = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s ${CONTAINER}/32 -d ${CONTAINER}/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A POSTROUTING -s ${CONTAINER}/32 -d ${CONTAINER}/32 -p udp -m udp --dport 53 -j MASQUERADE
-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination ${CONTAINER}:80
-A DOCKER -p udp -m udp --dport 5301 -j DNAT --to-destination ${CONTAINER}:53
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d ${CONTAINER}/32 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER -d ${CONTAINER}/32 -o docker0 -p udp -m udp --dport 53 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
`;

/** What the same rules come to in docker's form for nftables, whose names of hooks these are. */
const DOCKER_NFT = `
flush ruleset
table ip docker-bridges {
  chain filter-FORWARD {
    type filter hook forward priority filter; policy accept
    oifname docker0 goto filter-forward-in
  }
  chain filter-forward-in {
    ct state established,related accept
    iifname docker0 accept
    ip daddr ${CONTAINER} tcp dport 80 accept
    ip daddr ${CONTAINER} udp dport 53 accept
    drop
  }
  chain nat-OUTPUT {
    type nat hook output priority -100; policy accept
    fib daddr type local jump nat-prerouting-and-output
  }
  chain nat-PREROUTING {
    type nat hook prerouting priority dstnat; policy accept
    fib daddr type local jump nat-prerouting-and-output
  }
  chain nat-prerouting-and-output {
    tcp dport 8080 dnat to ${CONTAINER}:80
    udp dport 5301 dnat to ${CONTAINER}:53
  }
  chain nat-POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept
    iifname docker0 oifname != docker0 ip saddr 172.17.0.0/16 masquerade
    oifname docker0 fib saddr type local masquerade
    oifname docker0 ip saddr ${CONTAINER} ip daddr ${CONTAINER} masquerade
  }
  chain raw-PREROUTING {
    type filter hook prerouting priority raw; policy accept
    ip daddr ${CONTAINER} iifname != docker0 drop
  }
}
`;

describe('containers', () => {
  beforeAll(async () => {
    await startService(lab, container, 'http', 80);
    await startService(lab, container, 'dns', 53);
    // As docker does it without its proxy: the container reaches itself over the host's address.
    await done(lab.victim, ['bridge', 'link', 'set', 'dev', 'eth2', 'hairpin', 'on']);
    await lab.waitFor(async () => (await elementsOf(lab, lab.victim, 'quiet')).includes('docker0'));
  });

  test.each([
    ['nft', ['nft', '-f', '-'], DOCKER_NFT],
    ['iptables', ['sh', '-c', 'nft flush ruleset && iptables-restore'], DOCKER],
  ])("published ports, from everywhere, by docker's rules for %s", async (_tool, command, input) => {
    const { code, stderr } = await lab.run(lab.victim, command, { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const host of [lab.scanner, lab.victim, container]) await fetch(host, `http://${VICTIM}:8080/`);
    for (const host of [lab.scanner, lab.victim]) await asksName(host, VICTIM, 5301);
  });

  test('reach out through this host, and its services', async () => {
    await fetch(container, `http://${CLIENT}/`);
    await fetch(container, `http://${BRIDGE}/`);
    await python(container, ASKS_ECHO, BRIDGE, 7, 100, 5);
  });

  test('a connection of one is reset while data still comes', async () => {
    // What comes then finds nothing that leads to the container.
    await done(lab.victim, ['sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_timeout_close=0']);
    const ports = [4011, 4012, 4013, 4014, 4015];
    await python(container, ABORTS, CLIENT, ENDLESS, ...ports);
    await send(ports.flatMap(tailTo));
  });

  test('one that asks closed ports of this host is answered, and logged', async () => {
    const ports = [6001, 6002, 6003, 6004, 6005];
    for (const port of ports) await python(container, REFUSED, BRIDGE, port);
    loggedOnly += ports.length;
    await detector.waitForLine(
      new RegExp(
        `^adminalert: Host: ${CONTAINER}/${CONTAINER} is never blocked: behind a bridge of this host$`,
      ),
    );
    await fetch(container, `http://${BRIDGE}/`);
  });
});

const NFT_FIREWALL = `
flush ruleset
table inet filter {
  chain input {
    type filter hook input priority 0; policy drop
    ct state established,related accept
    iif lo accept
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport 80 accept
    udp dport 7 accept
  }
}
`;

const IPTABLES_FIREWALL = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p udp -m udp --dport 7 -j ACCEPT
COMMIT
`;

describe('a firewall of its own that drops what it does not know', () => {
  beforeAll(() => startService(lab, lab.scanner, 'dns', 53));

  test.each([
    ['nft', NFT_FIREWALL, ['nft', '-f', '-']],
    ['iptables', IPTABLES_FIREWALL, ['sh', '-c', 'nft flush ruleset && iptables-restore']],
  ])('%s', async (_name, rules, command) => {
    const { code, stderr } = await lab.run(lab.victim, command, { input: rules });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await fetch(lab.scanner, `http://${VICTIM}/`);
    await python(lab.scanner, ASKS_ECHO, VICTIM, 7, 5_000, 5);
    await fetch(lab.victim, `http://${CLIENT}/`);
    await asksName(lab.victim, CLIENT);
    // A service that the firewall shuts off.
    await python(lab.scanner, TRIES, VICTIM, AWAY);
  });
});

/** Tries a service until it was refused fifty times, and then until it is served. */
const CHECKS = `
import socket, sys, time
at = (sys.argv[1], int(sys.argv[2]))
refused = 0
while True:
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.sendto(b'?', at)
    try:
        socket.create_connection(at, timeout=30).close()
    except ConnectionRefusedError:
        refused += 1
        if refused == 50:
            print('50 refused', flush=True)
    else:
        print('served')
        break
    time.sleep(0.01)
`;

/** Serves one client, and is gone. */
const SERVES_ONE = `
import socket, sys
listener = socket.create_server(('', int(sys.argv[1])))
print('listening', flush=True)
listener.accept()[0].close()
`;

/** Is served once, and refused later. */
const FIRST_AND_LATER = `
import socket, sys, time
at = (sys.argv[1], int(sys.argv[2]))
socket.create_connection(at, timeout=30).close()
refused = 0
while refused < 3:
    try:
        socket.create_connection(at, timeout=30).close()
    except ConnectionResetError:
        # The listener closed with this connection in its backlog.
        pass
    except ConnectionRefusedError:
        refused += 1
`;

/** Closes each connection first, and so keeps it in TIME-WAIT. */
const CLOSES_FIRST = `
import socket, sys
listener = socket.create_server(('', int(sys.argv[1])))
print('listening', flush=True)
while True:
    listener.accept()[0].close()
`;

/** Connects fifty times from the same port. */
const SAME_PORT = `
import errno, socket, sys
at = (sys.argv[1], int(sys.argv[2]))
served = 0
while served < 50:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(('', 5000))
        client.settimeout(30)
        try:
            client.connect(at)
        except OSError as error:
            # The last one has not ended here.
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            continue
        while client.recv(100):
            pass
        served += 1
`;

/** Connects again and again, a hundred at a time. */
const CONNECTS = `
const [host, port, count] = process.argv.slice(1);
let left = Number(count);
let served = 0;
const connect = () => {
  if (left-- <= 0) return;
  const socket = require('net').connect(Number(port), host, () => {
    served++;
    socket.end();
  });
  socket.on('error', console.error).on('close', connect).resume();
};
for (let i = 0; i < 100; i++) connect();
process.on('exit', () => console.log(served + ' served'));
`;

/** Has datagrams echoed, each from a port of its own. Their data look like a probe of TCP or UDP port 3000. */
const ASKS_ECHO = `
import socket, sys
address, port, size, count = sys.argv[1], *map(int, sys.argv[2:])
message = bytes([11, 184]) * (size // 2)
for _ in range(count):
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        for attempt in range(10):
            client.sendto(message, (address, port))
            try:
                assert client.recv(65536) == message
                break
            except TimeoutError:
                pass
        else:
            raise TimeoutError
`;

const REFUSED = `
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30)
    raise Exception('served')
except ConnectionRefusedError:
    pass
`;

/** Is not answered. */
const TRIES = `
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=0.5)
    raise Exception('served')
except TimeoutError:
    pass
`;

const ASKS = `
import json, socket, sys
for own, address, port in json.loads(sys.argv[1]):
    family, _, _, _, at = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
        asking.bind(('', own))
        asking.sendto(b'?', at)
`;

function support(path: string): string {
  return resolve('test/support', path);
}
