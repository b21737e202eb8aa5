import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure, dropsOf, nmap, PROGRAM, startDetector, writeFile } from '../support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { order, targetsOf } from '../support/orders.ts';
import { sendFrames, startService } from '../support/services.ts';
import { logIn, ssh, startSshd } from '../support/ssh.ts';

/**
 * What this host depends on is looked up before a block, not after it: a forged packet that comes a moment after a fact
 * has become true blocks nobody. The detector is started before any of these facts.
 */

const SSH_PORT = 2222;

/** Addresses of the scanner's host; it forges those of the others. */
const ADMINISTRATOR = '10.99.0.11';
const DATABASE = '10.99.0.12';
const SCANNER = '10.99.0.13';
const TIME_SERVER = '10.99.0.14';
const STRANGER = '11.0.0.9';

/** What the rule of each address begins with. */
const RULES: Readonly<Record<string, string>> = {
  '10.99.0.101': 'default gateway 10.99.0.101 of eth0',
  '10.99.0.102': 'default gateway 10.99.0.102 of eth0',
  '10.99.0.103': 'default gateway 10.99.0.103 of eth0',
  '10.99.0.104': 'default gateway 10.99.0.104 of eth0',
  '10.99.0.105': 'gateway 10.99.0.105 of eth0',
  '10.99.0.106': 'resolver 10.99.0.106 of /run/systemd/resolve/resolv.conf',
  [ADMINISTRATOR]: `session from ${ADMINISTRATOR}, found by sshd`,
  [DATABASE]: `peer ${DATABASE} of a connection that this host opened to its port 5432`,
  [TIME_SERVER]: `peer ${TIME_SERVER} of a connection that this host opened to its port 123`,
};

const METHODS: [name: string, keys: string][] = [
  ['nftables', 'BLOCK_METHOD="nftables"'],
  ['KILL_ROUTE without an undo', 'UNKILL_ROUTE=""\nKILL_ROUTE="/sbin/iptables -I INPUT -s $TARGET$ -j DROP"'],
];

let lab: Lab;
let detector: LabProcess;
beforeEach(async () => {
  lab = await createLab({ name: 'look-first' }, { extraAddresses: 5 });
});
afterEach(() => lab.close());

/** Nothing but a look before the block keeps these packets from blocking anybody. */
async function start(keys: string): Promise<void> {
  configure(lab.victim, `DECOY_POLICY="block"\nBLOCK_RATE_MAX="1000000"\n${keys}\n`);
  detector = await startDetector(lab, lab.victim);
}

/** Makes every fact true, and the connections that a scanner may have. */
async function makeFacts(): Promise<void> {
  const ip = [
    'route add default via 10.99.0.101 metric 10',
    'route add default metric 20 nexthop via 10.99.0.102 dev eth0 nexthop via 10.99.0.103 dev eth0',
    'route add default via 10.99.0.104 table 100',
    'route add 198.51.100.0/24 via 10.99.0.105',
  ];
  const { code, stderr } = await lab.run(lab.victim, ['ip', '-batch', '-'], { input: `${ip.join('\n')}\n` });
  expect([code, stderr]).toEqual([0, '']);
  writeFile(lab.victim, '/etc/resolv.conf', 'nameserver 127.0.0.53\n');
  writeFile(lab.victim, '/run/systemd/resolve/resolv.conf', 'nameserver 10.99.0.106\n');
  await startService(lab, lab.scanner, 'tcp-echo', 5432);
  await hold(lab.victim, `/dev/tcp/${DATABASE}/5432`);
  await hold(lab.victim, `/dev/udp/${TIME_SERVER}/123`);
  await logIn(lab, SSH_PORT, ADMINISTRATOR, 'alice');
}

/** Keeps a connection open. */
async function hold(host: Lab['victim'], end: string): Promise<void> {
  const holder = await lab.start(host, ['bash', '-c', `exec 3<>${end}; echo connected; read -r _`]);
  await holder.waitForLine(/^connected/);
}

/** A connection from an address of the scanner's host, which sends nothing. */
async function holdFrom(source: string, port: number): Promise<void> {
  const script = `import socket, sys
s = socket.create_connection(('${lab.wire.to.ipv4}', ${port}), source_address=('${source}', 0))
print('connected', flush=True)
sys.stdin.read()`;
  const holder = await lab.start(lab.scanner, ['python3', '-c', script]);
  await holder.waitForLine(/^connected/);
}

/** Sends this many SYNs from each of the sources, to different ports. */
function forge(sources: readonly string[], count: number): Promise<void> {
  const frames = Array.from({ length: count }, (_, index) =>
    sources.map((source) => {
      const { ipv4, mac } = lab.wire.to;
      const packet = tcpPacket({ source, destination: ipv4, destinationPort: 10_000 + index, flags: SYN });
      return ethernet(packet, { destination: mac });
    }),
  );
  return sendFrames(lab, lab.scanner, frames.flat());
}

const blocked = (target: string) =>
  detector.waitForLine(new RegExp(`^attackalert: Host ${target} has been blocked`));

test.each(METHODS)(
  '10,000 forged packets block nobody that this host depends on, by %s',
  async (_name, keys) => {
    await startSshd(lab, SSH_PORT);
    await startService(lab, lab.victim, 'http', 8080);
    await start(keys);
    await makeFacts();
    const sources = Object.keys(RULES);
    await forge(sources, Math.ceil(10_000 / sources.length));
    await forge([STRANGER], 1);
    await blocked(STRANGER);

    expect(await targetsOf(lab)).toEqual([STRANGER]);
    const told = detector.lines().filter((line) => line.includes(' is never blocked: '));
    expect(told.sort()).toEqual(
      Object.entries(RULES)
        .map(([source, rule]) => `adminalert: Host: ${source}/${source} is never blocked: ${rule}`)
        .sort(),
    );
    const drops = await dropsOf(lab, lab.victim);
    for (const source of sources) expect(drops.filter((rule) => rule.includes(` ${source}/`))).toEqual([]);

    // A connection to the same servers is no licence.
    await holdFrom(SCANNER, SSH_PORT);
    await holdFrom(SCANNER, 8080);
    await nmap(lab, ['-sS', '-S', SCANNER, '-e', 'eth0', '-p', '1-200', lab.wire.to.ipv4]);
    await blocked(SCANNER);
    expect(await targetsOf(lab)).toEqual([STRANGER, SCANNER]);
  },
);

test('an order cuts off everybody but this host and the session that gives it', async () => {
  await startSshd(lab, SSH_PORT);
  await logIn(lab, SSH_PORT, DATABASE);
  await start('BLOCK_METHOD="nftables"');
  // The lists that are looked up each minute do not have it yet.
  await logIn(lab, SSH_PORT, SCANNER);
  expect(JSON.parse((await order(lab, 'why', SCANNER, '--json')).stdout)).toMatchObject({
    rule: `session from ${SCANNER}, found by sshd`,
  });
  await lab.run(lab.victim, ['ip', 'route', 'add', 'default', 'via', '10.99.0.101']);
  const block = (target: string) => {
    // sudo takes the variable away.
    const command = `env -u SSH_CONNECTION ${process.execPath} ${PROGRAM} block ${target}`;
    return lab.run(lab.scanner, ssh(lab, SSH_PORT, ADMINISTRATOR, 'root', command));
  };
  for (const target of [ADMINISTRATOR, '10.99.0.0/28']) {
    const { code, stderr } = await block(target);
    const rule =
      target === ADMINISTRATOR ? `your own session comes from ${ADMINISTRATOR}` : 'own address 10.99.0.2';
    expect([code, stderr]).toEqual([65, `portsentry: ${target} is never blocked: ${rule}\n`]);
  }
  expect((await block('10.99.0.101')).stdout).toMatch(
    /although a rule spares it .*: default gateway 10\.99\.0\.101/,
  );
  expect((await block(DATABASE)).stdout).toMatch(
    /although a rule spares it .*: session from 10\.99\.0\.12, found by sshd/,
  );
  expect(await targetsOf(lab)).toEqual(['10.99.0.101', DATABASE]);

  // The firewall does not let them pass, whatever else spares them.
  const { stdout } = await lab.run(lab.victim, ['nft', 'list', 'table', 'inet', 'portsentry']);
  expect(/set spare4_32 \{[^}]*elements = \{([^}]*)\}/.exec(stdout)?.[1] ?? '').not.toMatch(
    /10\.99\.0\.(101|12)\b/,
  );
  const { next } = JSON.parse((await order(lab, 'why', DATABASE, '--json')).stdout);
  expect(next).toEqual([expect.stringMatching(/^Its block ends at /)]);
});
