import { ACK, ethernet, RST, SYN, tcpPacket } from './frames.ts';
import type { Lab } from './lab.ts';
import { clientCommand, sendFrames, startService, startSniffer } from './services.ts';

/** The rows of the matrix: scans by real tools of a host that watches all of its ports, and honest traffic. */

/** A scan that must be seen and blocked. */
export interface Attack {
  readonly name: string;
  /** The scanner's command, for the victim's address and hardware address and the scanner's own address. */
  readonly command: (target: string, mac: string, own: string) => readonly string[];
  /** The kinds of probes that must be logged. */
  readonly kinds: readonly string[];
  readonly family?: 'ipv4' | 'ipv6';
  /** The source that is accused, when it is not the sender. */
  readonly forged?: string;
  /** Decoys: no packet shows which of the sources is the scanner, so none is blocked (DECOY_POLICY="log"). */
  readonly isLet?: boolean;
  /** What the program says when it has sent all its probes, if it then waits for ever for answers. */
  readonly whenSent?: RegExp;
}

/** Traffic that must not be accused. */
export interface Honest {
  readonly name: string;
  readonly run: (lab: Lab, source: string) => Promise<void>;
  readonly fromIgnored?: boolean;
}

const NMAP = ['nmap', '-n', '-Pn', '--max-retries', '0', '--host-timeout', '15s'];
const PORTS = '3000-3005';

/** Sources that are named along with the scanner, and have sent nothing. */
export const DECOYS = ['10.99.0.201', '10.99.0.202', '10.99.0.203', '10.99.0.204', '10.99.0.205'];
const FORGED = '198.51.100.77';

/** Each scan of each tool, of these ports. */
export function attacksOn(ports: string): readonly Attack[] {
  const nmap =
    (...args: string[]): Attack['command'] =>
    (target) => [...NMAP, ...(target.includes(':') ? ['-6'] : []), '-p', ports, ...args, target];
  return [
    { name: 'nmap -sS', command: nmap('-sS'), kinds: ['syn'] },
    { name: 'nmap -sT', command: nmap('-sT'), kinds: ['syn'] },
    { name: 'nmap -sF', command: nmap('-sF'), kinds: ['fin'] },
    { name: 'nmap -sN', command: nmap('-sN'), kinds: ['null'] },
    { name: 'nmap -sX', command: nmap('-sX'), kinds: ['xmas'] },
    { name: 'nmap -sM', command: nmap('-sM'), kinds: ['maimon'] },
    { name: 'nmap -sA', command: nmap('-sA'), kinds: ['ack'] },
    { name: 'nmap -sW', command: nmap('-sW'), kinds: ['ack'] },
    { name: 'nmap -sU', command: nmap('-sU'), kinds: ['udp'] },
    { name: 'nmap -sY', command: nmap('-sY'), kinds: ['sctp-init'] },
    { name: 'nmap -sZ', command: nmap('-sZ'), kinds: ['sctp-cookie-echo'] },
    { name: 'nmap -sO', command: (target) => [...NMAP, '-sO', target], kinds: ['ip-protocol'] },
    { name: 'nmap -sS -f', command: nmap('-sS', '-f'), kinds: ['syn'] },
    { name: 'nmap -sS --mtu 8', command: nmap('-sS', '--mtu', '8'), kinds: ['syn'] },
    {
      name: 'nmap -sS -D (five decoys)',
      command: nmap('-sS', '-D', [...DECOYS, 'ME'].join(',')),
      kinds: ['syn'],
      isLet: true,
    },
    {
      name: 'nmap -sS, a probe each 1.1 s (as -T1)',
      command: nmap('-sS', '--scan-delay', '1100ms'),
      kinds: ['syn'],
    },
    { name: 'nmap --scanflags SYNFIN', command: nmap('-sS', '--scanflags', 'SYNFIN'), kinds: ['odd'] },
    { name: 'nmap --scanflags URGPSHSYN', command: nmap('-sS', '--scanflags', 'URGPSHSYN'), kinds: ['odd'] },
    { name: 'nmap -sS --source-port 53', command: nmap('-sS', '--source-port', '53'), kinds: ['syn'] },
    { name: 'nmap -sU --source-port 53', command: nmap('-sU', '--source-port', '53'), kinds: ['udp'] },
    { name: 'nmap -sS --data-length 40', command: nmap('-sS', '--data-length', '40'), kinds: ['syn'] },
    { name: 'nmap -O', command: nmap('-sS', '-O'), kinds: ['syn'] },
    { name: 'nmap -A', command: nmap('-A'), kinds: ['syn'] },
    { name: 'nmap -6 -sS', command: nmap('-sS'), kinds: ['syn'], family: 'ipv6' },
    { name: 'nmap -6 -sF', command: nmap('-sF'), kinds: ['fin'], family: 'ipv6' },
    { name: 'nmap -6 -sX', command: nmap('-sX'), kinds: ['xmas'], family: 'ipv6' },
    { name: 'nmap -6 -sN', command: nmap('-sN'), kinds: ['null'], family: 'ipv6' },
    { name: 'nmap -6 -sA', command: nmap('-sA'), kinds: ['ack'], family: 'ipv6' },
    { name: 'nmap -6 -sU', command: nmap('-sU'), kinds: ['udp'], family: 'ipv6' },
    {
      name: 'masscan',
      command: (target, mac, own) => [
        ...['masscan', target, '-p', ports, '--rate', '100', '--wait', '1'],
        ...['--interface', 'eth0', '--adapter-ip', own, '--router-mac', mac.replaceAll(':', '-')],
      ],
      kinds: ['syn'],
      whenSent: /100\.00% done/,
    },
    {
      name: 'hping3 -S',
      command: (target, _mac, own) => [
        'hping3',
        '-S',
        '-a',
        own,
        '-p',
        '++3000',
        '-i',
        'u10000',
        '-c',
        '6',
        target,
      ],
      kinds: ['syn'],
    },
    {
      name: 'hping3 -S -a (a forged source)',
      command: (target) => ['hping3', '-S', '-a', FORGED, '-p', '3000', '-c', '1', target],
      kinds: ['syn'],
      forged: FORGED,
    },
  ];
}

/** The scans of the matrix. */
export const ATTACKS = attacksOn(PORTS);

/** From now on the scanner sends from these addresses, with every program. */
export async function comeFrom(lab: Lab, v4: string, v6: string): Promise<void> {
  const commands = [
    `address replace ${v4}/24 dev eth0`,
    `address replace ${v6}/64 dev eth0 nodad`,
    `route replace 10.99.0.0/24 dev eth0 src ${v4}`,
    `-6 route replace fd99::/64 dev eth0 src ${v6}`,
  ];
  for (const command of commands) {
    const { code, stderr } = await lab.run(lab.scanner, ['ip', ...command.split(' ')]);
    if (code !== 0) throw new Error(`ip ${command}: ${stderr}`);
  }
}

/** Makes the scan from an address of its own. Resolves to the source that must be accused of it. */
export async function launch(lab: Lab, attack: Attack, index: number): Promise<string> {
  const v4 = `10.99.0.${20 + index}`;
  const v6 = `fd99::${1000 + index}`;
  await comeFrom(lab, v4, v6);
  const { command, family = 'ipv4', forged, whenSent } = attack;
  const target = family === 'ipv4' ? lab.wire.to.ipv4 : lab.wire.to.ipv6;
  const scan = await lab.start(lab.scanner, command(target, lab.wire.to.mac, v4));
  if (whenSent !== undefined) {
    await lab.waitFor(() => whenSent.test(scan.output));
    scan.signal('SIGKILL');
  }
  await scan.ended;
  return forged ?? (family === 'ipv4' ? v4 : v6);
}

const done = async (lab: Lab, host: Lab['victim'], command: readonly string[]) => {
  const { code, stderr } = await lab.run(host, command);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
};

const curl = (url: string) => ['curl', '-sg', '-m30', '-o', '/dev/null', url];

/** The honest traffic of the matrix. */
export const HONEST: readonly Honest[] = [
  {
    name: 'calls of a service',
    run: async (lab) => {
      await startService(lab, lab.victim, 'http', 8080);
      for (let call = 0; call < 5; call++)
        await done(lab, lab.scanner, curl(`http://${lab.wire.to.ipv4}:8080/`));
    },
  },
  {
    name: 'a service that has just come, called at once',
    run: async (lab) => {
      await startService(lab, lab.victim, 'http', 8081);
      await done(lab, lab.scanner, curl(`http://${lab.wire.to.ipv4}:8081/`));
    },
  },
  {
    name: 'active FTP: the server calls back',
    run: async (lab, source) => {
      const server = await startService(lab, lab.scanner, 'ftp');
      await done(lab, lab.victim, clientCommand('ftp', source, lab.wire.to.ipv4));
      await server.stop();
    },
  },
  {
    name: 'ident: a mail server asks port 113',
    run: async (lab) => {
      await lab.run(lab.scanner, ['curl', '-s', '-m1', `telnet://${lab.wire.to.ipv4}:113`]);
    },
  },
  {
    name: 'a late answer of a resolver',
    run: async (lab, source) => {
      const resolver = await startService(lab, lab.scanner, 'dns', 53, Infinity);
      const sniffer = await startSniffer(lab, lab.victim, 'udp src port 53');
      await lab.run(lab.victim, ['dig', '+tries=1', '+time=1', `@${source}`, 'example.org']);
      resolver.write('answer\n');
      await sniffer.ended;
      await resolver.stop();
    },
  },
  {
    name: 'a call of this host to another',
    run: async (lab, source) => {
      const server = await startService(lab, lab.scanner, 'http', 80);
      for (let call = 0; call < 5; call++) await done(lab, lab.victim, curl(`http://${source}/`));
      await server.stop();
    },
  },
  {
    name: 'a call of this host that is refused',
    run: async (lab, source) => {
      await lab.run(lab.victim, curl(`http://${source}:81/`));
    },
  },
  {
    name: 'backscatter: answers to what somebody forged',
    run: async (lab, source) => {
      const packets = [SYN | ACK, RST, RST | ACK].map((flags, index) =>
        tcpPacket({
          source,
          destination: lab.wire.to.ipv4,
          sourcePort: 80,
          destinationPort: 3000 + index,
          flags,
        }),
      );
      const frames = packets.map((packet) => ethernet(packet, { destination: lab.wire.to.mac }));
      await sendFrames(lab, lab.scanner, frames);
    },
  },
  {
    name: 'ping',
    run: (lab) =>
      done(lab, lab.scanner, ['nmap', '-n', '-sn', '-PE', '--disable-arp-ping', lab.wire.to.ipv4]),
  },
  {
    name: 'nmap --badsum: what this host drops',
    run: (lab) => done(lab, lab.scanner, [...NMAP, '-sS', '--badsum', '-p', PORTS, lab.wire.to.ipv4]),
  },
  {
    name: 'port knocking of an address in the ignore file',
    fromIgnored: true,
    run: async (lab) => {
      for (const port of [7000, 8000, 9000])
        await lab.run(lab.scanner, curl(`http://${lab.wire.to.ipv4}:${port}/`));
    },
  },
  {
    name: 'a browser, six connections at once, as a service is restarted',
    run: async (lab) => {
      const first = await startService(lab, lab.victim, 'http', 8082);
      await done(lab, lab.scanner, curl(`http://${lab.wire.to.ipv4}:8082/`));
      await first.stop();
      const calls = Array.from({ length: 6 }, () =>
        lab.run(lab.scanner, curl(`http://${lab.wire.to.ipv4}:8082/`)),
      );
      await Promise.all(calls);
      await startService(lab, lab.victim, 'http', 8082);
      await done(lab, lab.scanner, curl(`http://${lab.wire.to.ipv4}:8082/`));
    },
  },
];
