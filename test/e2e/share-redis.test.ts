import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Authority } from '../support/certificates.ts';
import { amongDecoys, PROOF_ALONE } from '../support/challenge.ts';
import { configure, PROGRAM, writeFile } from '../support/detector.ts';
import { ENGINE_FOLDER } from '../support/engine-server.ts';
import { eventually } from '../support/eventually.ts';
import { Fleet } from '../support/fleet.ts';
import { redisEngine } from '../support/fleet-engines.ts';
import { testSharing } from '../support/fleet-tests.ts';
import { DECOYS } from '../support/matrix.ts';
import { REDIS_PORT, REDIS_USER, Redis } from '../support/redis.ts';

/** Three hosts that share what they know by the real Redis of Debian. */

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.create('share-redis', redisEngine);
});
afterAll(() => fleet.lab.close());
afterEach(() => fleet.endTest());

testSharing(() => fleet);

/** Adds a message to the stream as the user of the hosts, who has the right to, signed with this key. */
async function add(message: object, key: string): Promise<void> {
  const text = JSON.stringify(message);
  const signature = createHmac('sha256', key).update(`portsentry portsentry\n${text}`).digest('base64url');
  const { name, password } = REDIS_USER;
  const login = ['--user', name, '--pass', password, '--no-auth-warning'];
  const { from } = fleet.members[0].wire;
  await from.host.run(['redis-cli', ...login, 'XADD', 'portsentry', '*', 'm', text, 's', signature]);
}

test('what somebody without the key adds shuts out nobody, and neither does an old message', async () => {
  const [one, two] = fleet.members;
  const scanner = await fleet.newScanner();
  const [first, second] = await fleet.startAll();
  await fleet.scan();
  await first.waitForLine(/has been blocked/);
  await eventually(async () => expect(await fleet.listOf(two)).toContain(scanner));
  const { from } = one.wire;
  const now = Date.now();
  const block = {
    v: 1,
    op: 'block',
    host: 'x',
    since: now,
    until: now + 3_600_000,
    evidence: 'handshake',
    ports: 1,
  };
  await add({ ...block, target: '192.0.2.99' }, 'a key that somebody has made up for this');
  expect(await second.waitForLine(/is left out/)).toMatch(
    /1 decision .* is not signed with the key of SHARE_KEY_FILE/,
  );

  await fleet.ask(one, 'unblock', scanner);
  await eventually(async () => expect(await fleet.listOf(two)).not.toContain(scanner));
  // Everything that the stream holds, once more.
  const script =
    "for i, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do redis.call('XADD', KEYS[1], '*', unpack(e[2])) end";
  await from.host.run(['redis-cli', '--user', 'admin', '--pass', 'admin', 'EVAL', script, '1', 'portsentry']);
  const other = await fleet.newScanner();
  await fleet.scan();
  await eventually(async () => expect(await fleet.listOf(two)).toContain(other));
  expect(await fleet.listOf(two)).not.toContain(scanner);
  expect(await fleet.listOf(two)).not.toContain('192.0.2.99');
});

test('a half-open scan that the coin test has proven is told, its decoys are not', async () => {
  const { lab, members, engine } = fleet;
  const [one, two] = members;
  const scanner = await fleet.newScanner();
  await fleet.start(two);
  await fleet.start(one, PROOF_ALONE, ['-atcp']);
  const scan = [
    'nmap',
    '-n',
    '-Pn',
    '-T4',
    '--top-ports',
    '200',
    '-sS',
    '-S',
    scanner,
    '-e',
    lab.wire.from.interface,
  ];
  const nmap = await lab.start(lab.scanner, [...scan, ...amongDecoys(DECOYS), lab.wire.to.ipv4]);
  await eventually(async () => expect(await fleet.listOf(two)).toContain(scanner));
  nmap.signal('SIGKILL');
  await nmap.ended;
  for (const decoy of DECOYS) expect(await engine.timesTold(decoy)).toBe(0);
});

test('hosts go on with a stream that begins anew with lower ids', async () => {
  const [one, two] = fleet.members;
  const { host } = one.wire.from;
  const asAdmin = ['redis-cli', '--user', 'admin', '--pass', 'admin', '--no-auth-warning'];
  await host.run([...asAdmin, 'DEL', 'portsentry']);
  const [, second] = await fleet.startAll();
  // The last id that there is: nobody can add anything behind it, until somebody deletes the stream.
  const last = '18446744073709551615-18446744073709551615';
  await host.run([...asAdmin, 'XADD', 'portsentry', last, 'm', 'x', 's', 'y']);
  await second.waitForLine(/is left out/);
  await host.run([...asAdmin, 'DEL', 'portsentry']);
  const scanner = await fleet.newScanner();
  await fleet.scan();
  await eventually(async () => expect(await fleet.listOf(two)).toContain(scanner));
});

test('share --test says what is wrong', async () => {
  const [one] = fleet.members;
  await fleet.start(one);
  const { from } = one.wire;
  expect(await fleet.ask(one, 'share', '--test')).toMatch(
    /^Redis at \S+\nok {4}It takes what this host, \S+, tells of sources\.\nok {4}The stream portsentry holds \d+ message/,
  );
  writeFile(one.host, '/etc/portsentry/password', 'wrong\n');
  expect(await fleet.ask(one, 'share', '--test')).toBe(
    `Redis at redis://${from.ipv4}:${REDIS_PORT}
FAIL  It is not told of sources: WRONGPASS invalid username-password pair or user is disabled.
FAIL  It gives no decisions of other hosts: WRONGPASS invalid username-password pair or user is disabled.
`,
  );
});

test('TLS with a client certificate; another authority is refused', async () => {
  const { lab } = fleet;
  const [one] = fleet.members;
  const { from } = one.wire;
  const server = await lab.host('tls');
  const wire = await lab.link(server, one.host);
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const authority = new Authority(folder);
  new Authority(folder, 'other');
  authority.sign('server', { altNames: `IP:${wire.from.ipv4},IP:127.0.0.1` });
  authority.sign('client');
  const copy = (host: typeof server, to: string, ...names: string[]) => {
    for (const name of names) writeFile(host, `${to}/${name}`, readFileSync(join(folder, name), 'utf8'));
    return host.run(['chmod', '600', ...names.map((name) => `${to}/${name}`)]);
  };
  await copy(server, ENGINE_FOLDER, 'server.pem', 'server.key', 'ca.pem');
  await copy(one.host, '/etc/portsentry', 'client.pem', 'client.key', 'ca.pem', 'other.pem');
  await Redis.start(server, { cert: 'server.pem', key: 'server.key', ca: 'ca.pem' });
  const { files, lines } = fleet.engine.settings('one', from.ipv4);
  for (const [path, text] of Object.entries(files)) writeFile(one.host, path, text);
  await one.host.run(['chmod', '600', ...Object.keys(files)]);
  const tryWith = async (ca: string, more = '') => {
    const url = `REDIS_URL="rediss://${wire.from.ipv4}:${REDIS_PORT}"`;
    configure(
      one.host,
      `${lines.replace(/^REDIS_URL=.*$/m, url)}\nREDIS_CA_FILE="/etc/portsentry/${ca}.pem"\n${more}`,
    );
    const { stdout, code } = await lab.run(one.host, [process.execPath, PROGRAM, 'share', '--test']);
    return { code, lines: stdout.split('\n').slice(1, -1) };
  };
  const client =
    'REDIS_CERT_FILE="/etc/portsentry/client.pem"\nREDIS_CERT_KEY_FILE="/etc/portsentry/client.key"';
  const good = {
    code: 0,
    lines: [expect.stringMatching(/^ok/), expect.stringMatching(/^ok.* 0 messages\.$/)],
  };
  expect(await tryWith('ca')).toEqual(good);
  expect(await tryWith('ca', client)).toEqual(good);
  const failed = expect.stringMatching(/^FAIL.*(?:unable to verify|self-signed|UNABLE_TO_VERIFY)/);
  expect(await tryWith('other')).toEqual({ code: 69, lines: [failed, failed] });
});
