import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { configure, IGNORE_FILE, nmap, PROGRAM, startDetector, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { setFailing, withNft } from '../support/nft-wrappers.ts';
import { listedBlocks, order, targetsOf } from '../support/orders.ts';
import { startService } from '../support/services.ts';

/** Named lists, and orders for several targets, with the built program and the kernel. */

const SERVICE = 8080;
const LIST = '/etc/drop.txt';

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'lists' });
});
afterEach(() => lab.close());

/** Writes a configuration with a STATE_DIR that outlives the lab's hosts. */
function configureLists(more = ''): void {
  const state = mkdtempSync(join(tmpdir(), 'portsentry-state-'));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  configure(lab.victim, `BLOCK_METHOD="nftables"\nSTATE_DIR="${state}"\n${more}`);
}

/** Whether the scanner gets an answer from the service. */
async function reaches(host: string = lab.wire.to.ipv4): Promise<boolean> {
  const command = ['curl', '--silent', '--max-time', '1', `http://${host}:${SERVICE}/`];
  return (await lab.run(lab.scanner, command)).code === 0;
}

async function load(...lines: string[]) {
  writeFile(lab.victim, LIST, lines.map((line) => `${line}\n`).join(''));
  return order(lab, 'block', '--file', LIST, '--list', 'drop');
}

async function lists(): Promise<Record<string, unknown>[]> {
  const { stdout } = await order(lab, 'lists', '--json');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('a list shuts out who is in it, is explained, counted, replaced and taken away', async () => {
  await startService(lab, lab.victim, 'http', SERVICE);
  configureLists();
  await startDetector(lab, lab.victim);
  expect(await reaches()).toBe(true);

  const loaded = await load(
    '; a list',
    '10.99.0.0/31',
    '203.0.113.0/24 ; SBL1',
    '203.0.113.7',
    '2001:db8::/32',
  );
  expect(loaded).toMatchObject({ code: 0, stdout: 'the list drop has 4 entries\n', stderr: '' });
  expect(await reaches()).toBe(false);
  expect(await reaches(`[${lab.wire.to.ipv6}]`)).toBe(true);
  expect((await order(lab, 'why', '10.99.0.1')).stdout).toMatch(
    /listed +in the list drop, as part of 10\.99\.0\.0\/31/,
  );
  const [drop] = await lists();
  expect(drop).toMatchObject({ name: 'drop', origin: 'loaded', entries: 4 });
  expect(drop?.dropped).toBeGreaterThan(0);

  // Nobody in between: the other content is in force at once.
  expect((await load('10.99.0.1', '2001:db8::/32')).code).toBe(0);
  expect(await reaches()).toBe(false);
  expect((await load('198.51.100.0/24', 'fd99::/127')).stdout).toBe('the list drop has 2 entries\n');
  expect(await reaches()).toBe(true);
  expect(await reaches(`[${lab.wire.to.ipv6}]`)).toBe(false);

  const gone = await order(lab, 'unblock', '--list', 'drop');
  expect(gone).toMatchObject({ code: 0, stdout: 'the list drop is gone: its 2 entries pass again\n' });
  expect(await reaches(`[${lab.wire.to.ipv6}]`)).toBe(true);
  expect(await lists()).toEqual([]);
  const { code } = await lab.run(lab.victim, ['nft', 'list', 'table', 'inet', 'portsentry_lists']);
  expect(code, 'no table is left').not.toBe(0);
  expect(await order(lab, 'unblock', '--list', 'drop')).toMatchObject({ code: 65 });
});

test('what this host depends on is refused with the rule', async () => {
  await startService(lab, lab.victim, 'http', SERVICE);
  configureLists();
  await lab.run(lab.victim, ['ip', 'route', 'add', 'default', 'via', '10.99.0.1']);
  await startDetector(lab, lab.victim);
  const { code, stdout, stderr } = await load(
    '10.99.0.1',
    '10.99.0.0/24',
    '10.0.0.0/8',
    '0.0.0.0/0',
    '203.0.113.9',
  );
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^the list drop has 1 entry; 4 left out, the first 10\.99\.0\.1: default gateway/),
  ]);
  expect(stderr).toMatch(/^portsentry: 10\.99\.0\.1 is not in the list: default gateway 10\.99\.0\.1/m);
  expect(stderr).toMatch(/^portsentry: 0\.0\.0\.0\/0 is not in the list: a network wider than \/8/m);
  expect(await reaches()).toBe(true);
});

test('an address that is never blocked passes although its network is listed', async () => {
  await startService(lab, lab.victim, 'http', SERVICE);
  configureLists();
  writeFile(lab.victim, IGNORE_FILE, '10.99.0.1\n');
  await startDetector(lab, lab.victim);
  expect((await load('10.99.0.0/31')).stdout).toBe('the list drop has 1 entry\n');
  expect(await reaches()).toBe(true);
});

test('a wrong line changes nothing', async () => {
  configureLists();
  await startDetector(lab, lab.victim);
  await load('203.0.113.0/24');
  for (const [line, error] of [
    ['evil.example', /drop\.txt:1: expected an address or a prefix, found "evil\.example"/],
    ['# nothing', /has no entries; unblock --list takes a list away/],
  ] as const) {
    const { code, stdout, stderr } = await load(line);
    expect([code, stdout, stderr]).toEqual([65, '', expect.stringMatching(error)]);
  }
  expect(await lists()).toMatchObject([{ entries: 1 }]);
});

test('a list survives a restart, a kill and a flushed ruleset', async () => {
  await startService(lab, lab.victim, 'http', SERVICE);
  configureLists();
  const first = await startDetector(lab, lab.victim);
  await load('10.99.0.1');
  await first.stop();
  expect(await reaches(), 'ended').toBe(false);
  const second = await startDetector(lab, lab.victim);
  expect(await reaches(), 'started again').toBe(false);
  second.signal('SIGKILL');
  await second.ended;
  await lab.run(lab.victim, ['nft', 'flush', 'ruleset']);
  expect(await reaches(), 'flushed').toBe(true);
  await startDetector(lab, lab.victim);
  await lab.waitFor(async () => !(await reaches()));
  expect(await lists()).toMatchObject([{ name: 'drop', entries: 1 }]);
});

/** The names of the sets in the kernel. */
async function sets(): Promise<string[]> {
  const { stdout } = await lab.run(lab.victim, ['nft', '-t', 'list', 'table', 'inet', 'portsentry_lists']);
  return [...stdout.matchAll(/^\s*set (\S+) \{$/gm)].map(([, name = '']) => name);
}

test('more prefix lengths than a packet can be looked up with are left out, and the others are in force', async () => {
  await startService(lab, lab.victim, 'http', SERVICE);
  configureLists();
  await startDetector(lab, lab.victim);
  const lengths = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, index) => `2001:db8::/${first + index}`);
  const loaded = await load(...lengths(32, 65), '10.99.0.1');
  expect(loaded).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^the list drop has 32 entries; 3 left out, .* at most 32 prefix lengths of IPv6/,
    ),
  });
  expect(await reaches()).toBe(false);
  // Sets of lengths that are gone do not count for ever.
  for (const first of [66, 93]) {
    expect(await load(...lengths(first, first + 26), '10.99.0.1')).toMatchObject({ code: 0 });
    expect((await sets()).filter((name) => name.startsWith('drop_6_')).length).toBeLessThanOrEqual(32);
    expect(await reaches()).toBe(false);
  }
});

test('an nft that fails loses nothing: lists stay as they are, and the next order works', async () => {
  await startService(lab, lab.victim, 'http', SERVICE);
  configureLists();
  await startDetector(lab, lab.victim, undefined, withNft(lab.victim, 'fails now and then'));
  await load('10.99.0.1');
  setFailing(lab.victim, true);
  expect(await load('10.99.0.1', '2001:db8::/47')).toMatchObject({ code: 69 });
  expect(await order(lab, 'unblock', '--list', 'drop')).toMatchObject({ code: 75 });
  expect(await lists()).toMatchObject([{ name: 'drop', entries: 1 }]);
  expect(await reaches(), 'still in force').toBe(false);
  setFailing(lab.victim, false);
  expect(await load('10.99.0.1', '2001:db8::/47')).toMatchObject({ code: 0 });
  expect(await reaches()).toBe(false);
  expect((await sets()).filter((name) => name.startsWith('drop_'))).toHaveLength(2);
  expect(await order(lab, 'unblock', '--list', 'drop')).toMatchObject({ code: 0 });
  expect(await reaches(), 'taken away').toBe(true);
});

test('another host takes over the blocks through a pipe, with their ends and reasons', async () => {
  configureLists();
  await startDetector(lab, lab.victim);
  await nmap(lab, ['-sS', '-p', '3000-3004', lab.wire.to.ipv4]);
  await lab.waitFor(async () => (await targetsOf(lab)).length === 1);
  const lines = (await listedBlocks(lab)).map((block) => JSON.stringify(block));
  await order(lab, 'unblock', '--all');

  const { code, stdout } = await lab.run(
    lab.victim,
    [process.execPath, PROGRAM, 'block', '-', '198.51.100.7'],
    {
      input: `# blocks\n${lines.join('\n')}\n203.0.113.0/24\n`,
    },
  );
  expect(code, stdout).toBe(0);
  expect(await targetsOf(lab)).toEqual(['10.99.0.1', '203.0.113.0/24', '198.51.100.7']);
  expect((await order(lab, 'why', '10.99.0.1')).stdout).toMatch(/by hand: TCP SYN\/Normal scan, port 300\d/);
  expect((await order(lab, 'unblock', '203.0.113.0/24', '10.99.0.1')).code).toBe(0);
  expect(await targetsOf(lab)).toEqual(['198.51.100.7']);
});
