import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alertsOf, configure, dropsOf, startDetector } from '../support/detector.ts';
import { ACK, ethernet, RST, SYN, tcpPacket, udpPacket } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { clientCommand, sendFrames, startService } from '../support/services.ts';

/**
 * Everything is watched, the first connect is blocked; and nobody who is honest is accused. After each stimulus
 * a probe from an address of its own must be blocked: so all that came before it has been judged.
 */

/** TEST-NET-3 (RFC 5737): the sources of the last probes, and of what is forged. */
const LAST_PROBE = '203.0.113.99';
const FORGED = '203.0.113.5';
const VICTIM = '10.99.0.2';
const SCANNER = '10.99.0.1';

let lab: Lab;
let detector: LabProcess;
beforeEach(async () => {
  lab = await createLab({ name: 'honest' });
  configure(lab.victim);
});
afterEach(() => lab.close());

async function detect(args: readonly string[] = ['-atcp', '-audp']): Promise<void> {
  detector = await startDetector(lab, lab.victim, args);
}

/** The packets, as they are, from the scanner's side; to the victim's interface unless all are to have them. */
function send(packets: readonly Uint8Array[], mac = lab.wire.to.mac): Promise<void> {
  return sendFrames(
    lab,
    lab.scanner,
    packets.map((packet) => ethernet(packet, { destination: mac })),
  );
}

async function expectNoAlarm(): Promise<void> {
  await send([tcpPacket({ source: LAST_PROBE, destination: VICTIM, destinationPort: 7777, flags: SYN })]);
  await detector.waitForLine(/^attackalert: Host 203\.0\.113\.99 has been blocked/);
  expect(alertsOf(detector).filter((line) => !line.includes(LAST_PROBE))).toEqual([]);
  expect(detector.lines().filter((line) => line.includes('is never blocked'))).toEqual([]);
  expect(await dropsOf(lab, lab.victim)).toEqual([`-A INPUT -s ${LAST_PROBE}/32 -j DROP`]);
  expect(await dropsOf(lab, lab.victim, 'ip6tables')).toEqual([]);
}

/** Runs a program to its end; it must work. */
async function done(host: Host, command: readonly string[], output: string | RegExp = ''): Promise<void> {
  const { code, stdout, stderr } = await lab.run(host, command);
  expect(stderr).toBe('');
  expect(stdout).toMatch(output);
  expect(code).toBe(0);
}

const fetch = (host: Host, url: string) => done(host, ['curl', '-sg', '-m5', url], 'Nothing to see here');
const ask = (host: Host, script: string) =>
  done(host, ['bash', '-c', `exec 3<>/dev/udp/${script}; echo hello >&3; timeout 5 head -1 <&3`], 'hello');

describe('services', () => {
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
    const { stdout } = await lab.run(lab.scanner, ['python3', '-c', KNOCKING]);
    // The stimulus is one only when it was both refused and served.
    expect(stdout).toMatch(/^[1-9]\d* served, [1-9]\d* refused/);
    await expectNoAlarm();
  });

  test('at one address; a probe of another address is one', async () => {
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

  test.each([
    { patience: 0.05, delay: 350 },
    { patience: 1.5, delay: 4_500 },
  ])('asks a resolver, and is gone after $patience s when the answer comes', async ({ patience, delay }) => {
    await startService(lab, lab.scanner, 'dns', 53, delay);
    await detect();
    const sniffer = await lab.start(lab.victim, ['tcpdump', '-nli', 'eth0', '-c1', 'udp src port 53']);
    await sniffer.waitForLine(/listening on/);
    await done(lab.victim, ['python3', '-c', IMPATIENT, SCANNER, String(patience)]);
    expect(sniffer.outcome).toBeNull();
    expect((await sniffer.ended).stdout).toContain(`${SCANNER}.53 > ${VICTIM}.`);
    await expectNoAlarm();
  });

  test('talks to itself', async () => {
    await detect(['-atcp', '-audp', '-i', 'ALL']);
    await startService(lab, lab.victim, 'http', 80);
    for (const address of ['127.0.0.1', VICTIM, '[::1]', '[fd99:0::2]']) {
      await fetch(lab.victim, `http://${address}/`);
      await lab.run(lab.victim, ['curl', '-sg', `http://${address}:81/`]);
    }
    // The last probe comes over this device, too: devices do not wait for one another.
    const last = { source: LAST_PROBE, destination: VICTIM, destinationPort: 7778, flags: SYN };
    await sendFrames(lab, lab.victim, [ethernet(tcpPacket(last))], 'lo');
    await detector.waitForLine(/203\.0\.113\.99 to TCP port: 7778$/);
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
  const PORT = { destinationPort: 3000 };
  const FROM = { source: FORGED, destination: VICTIM, ...PORT };
  const FROM6 = { source: 'fd99:0::77', destination: 'fd99:0::2', ...PORT };

  test('backscatter', async () => {
    await detect();
    await send(
      [SYN | ACK, RST, RST | ACK].flatMap((flags) => [
        tcpPacket({ ...FROM, flags }),
        tcpPacket({ ...FROM6, flags }),
      ]),
    );
    await expectNoAlarm();
  });

  test('what this host drops for its wrong sums', async () => {
    await detect();
    await send([
      tcpPacket({ ...FROM, flags: SYN, checksum: 0xdead }),
      tcpPacket({ ...FROM6, flags: SYN, checksum: 0xdead }),
      tcpPacket({ ...FROM, flags: SYN }, { checksum: 0xdead }),
      udpPacket({ ...FROM, checksum: 0xdead }),
      udpPacket({ ...FROM6, checksum: 0xdead }),
      // RFC 8200, section 8.1: with IPv6 there is no datagram without a sum.
      udpPacket({ ...FROM6, checksum: 0 }),
    ]);
    await expectNoAlarm();
  });

  test.each(['255.255.255.255', '10.99.0.255', '224.0.0.251', 'ff02::fb%eth0'])(
    'a datagram to %s',
    async (group) => {
      await detect();
      await done(lab.scanner, ['python3', support('send-datagram.py'), 'eth0', group, '3000']);
      await expectNoAlarm();
    },
  );

  test('a SYN to many', async () => {
    await detect();
    const groups = ['255.255.255.255', '10.99.0.255', '10.99.0.0', '224.0.0.1'];
    const packets = groups.map((destination) => tcpPacket({ ...FROM, destination, flags: SYN }));
    await send(
      [...packets, tcpPacket({ ...FROM6, destination: 'ff02::1', flags: SYN })],
      'ff:ff:ff:ff:ff:ff',
    );
    await expectNoAlarm();
  });

  test("other hosts' traffic", async () => {
    await detect();
    const packets = [
      tcpPacket({ ...FROM, destination: '10.99.0.77', flags: SYN }),
      udpPacket({ ...FROM, destination: '10.99.0.77' }),
    ];
    await send(packets);
    await send(packets, '02:99:00:00:00:77');
    await expectNoAlarm();
  });
});

/** A service that, once it was used, is there for a tenth of a second and gone for a twentieth, again and again. */
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

/** A hundred clients of it, one after another, for a second. */
const KNOCKING = `
import socket, time
served = refused = 0
for _ in range(100):
    try:
        socket.create_connection(('${VICTIM}', 8080), timeout=5).close()
        served += 1
    except OSError:
        refused += 1
    time.sleep(0.01)
print(served, 'served,', refused, 'refused')
`;

/** Asks a name server, and does not wait for long. */
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
