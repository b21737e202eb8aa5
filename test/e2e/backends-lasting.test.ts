import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_BLOCKS } from '../../src/respond/blocks.ts';
import { LabBackend, reaches, shell } from '../support/backends.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { startService } from '../support/services.ts';

/** Sets in the kernel: blocks that end by themselves, and a program kept open that may die at any time. */

const PORT = 7;
const SCANNER = ['10.99.0.1', 'fd99::1'] as const;
const DAY_MS = 86_400_000;

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'lasting' });
});
afterEach(() => lab.close());

describe.each(['nftables', 'ipset'] as const)('%s', (method) => {
  let backend: LabBackend;
  beforeEach(async () => {
    backend = await LabBackend.start(lab, lab.victim, method);
    await backend.open();
  });

  const signal = async (name: string) => shell(lab, lab.victim, `kill -${name} ${await backend.pid()}`);

  test('a block ends by itself, also when its program has ended', async () => {
    await startService(lab, lab.victim, 'tcp-echo', PORT);
    const others = ['192.0.2.1', '2001:db8::1'];
    expect(await backend.block([...SCANNER, ...others])).toEqual([null, null, null, null]);
    for (const address of ['10.99.0.2', 'fd99::2']) {
      expect(await reaches(lab, lab.scanner, address, PORT), address).toBe(false);
    }
    expect(await backend.block(SCANNER, 3_000)).toEqual([null, null]);
    await backend.close('keep');
    await lab.waitFor(async () => (await backend.targets()).join() === others.join());
    for (const address of ['10.99.0.2', 'fd99::2']) {
      await lab.waitFor(() => reaches(lab, lab.scanner, address, PORT));
    }
  });

  test('a block has the end that was asked for last', async () => {
    const ends = async () => (await backend.list()).map(({ until }) => until);
    for (const length of [DAY_MS, null, 2 * DAY_MS, DAY_MS, null] as const) {
      const begun = Date.now();
      expect(await backend.block(SCANNER, length)).toEqual([null, null]);
      if (length === null) {
        expect(await ends()).toEqual([null, null]);
        continue;
      }
      for (const until of await ends()) {
        // The lists have whole seconds.
        expect(until).toBeGreaterThanOrEqual(begun + length - 2_000);
        expect(until).toBeLessThanOrEqual(Date.now() + length + 2_000);
      }
    }
    // A block whose end is past is none.
    expect(await backend.block(['192.0.2.1'], -1)).toEqual([null]);
    expect(await backend.targets()).toEqual([...SCANNER]);
  });

  test('a block longer than the kernel can count is not cut short', async () => {
    expect(await backend.block(SCANNER, 36_500 * DAY_MS)).toEqual([null, null]);
    for (const { until } of await backend.list()) {
      expect(until ?? Number.POSITIVE_INFINITY).toBeGreaterThan(Date.now() + 36_000 * DAY_MS);
    }
  });

  test('commands that the program has not acknowledged when it dies are given to another one', async () => {
    const first = await backend.pid();
    const targets = Array.from({ length: 200 }, (_, i) => `198.18.0.${i}`);
    await signal('STOP');
    const results = backend.block([...targets, ...SCANNER]);
    await signal('KILL');
    expect(await results).toEqual(Array(202).fill(null));
    expect(await backend.targets()).toEqual([...targets, ...SCANNER].sort());
    expect(await backend.pid()).not.toBe(first);
    expect(backend.events()).toEqual([]);
  });

  test('nothing is lost whenever the program dies', async () => {
    const all: string[] = [];
    for (let round = 0; round < 12; round++) {
      const some = Array.from({ length: 250 }, (_, i) => `198.18.${round}.${i}`);
      all.push(...some);
      // Ten batches; blocks that come together are one.
      const parts = Array.from({ length: 10 }, (_, i) => some.slice(25 * i, 25 * i + 25));
      const results = Promise.all(parts.map((part) => backend.block(part)));
      await signal('KILL').catch(() => undefined); // it may be between two
      expect((await results).flat()).toEqual(Array(250).fill(null));
    }
    expect(await backend.targets()).toEqual(all.sort());
  });

  test('as many blocks as the ledger may hold, and one more', async () => {
    const targets = Array.from(
      { length: MAX_BLOCKS + 1 },
      (_, i) => `10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}`,
    );
    expect((await backend.block(targets)).filter((failure) => failure !== null)).toEqual([]);
    expect(await backend.list()).toHaveLength(MAX_BLOCKS + 1);
  });

  test('a program that has been removed is reported in one line', async () => {
    const file = method === 'ipset' ? '/usr/sbin/ipset' : '/usr/sbin/nft';
    await shell(lab, lab.victim, `mount --bind /dev/null ${file}`);
    const command = file.slice('/usr/sbin/'.length);
    await signal('KILL');
    const [failure] = await backend.block(['10.99.0.1']);
    expect(failure).toMatch(new RegExp(`^${command}: cannot be started: [^\\n]*$`));
    await shell(lab, lab.victim, `umount ${file}`);
    await lab.waitFor(async () => (await backend.block(['10.99.0.1']))[0] === null);
  });
});

describe('the best method', () => {
  const HIDE = {
    nftables: '/usr/sbin/nft',
    ipset: '/usr/sbin/ipset',
    iptables: '/usr/sbin/xtables-nft-multi',
    route: '/usr/sbin/ip',
  } as const;
  const ASK = `
    const { bestMethod } = await import(process.argv[1]);
    await bestMethod().then(console.log, (error) => console.log(error.message));`;
  const ask = (...prefix: string[]) =>
    lab
      .run(lab.victim, [
        ...prefix,
        process.execPath,
        '--input-type=module',
        '-e',
        ASK,
        `${process.cwd()}/dist/firewall/choose.js`,
      ])
      .then(({ stdout }) => stdout.trim());
  const show = () =>
    shell(
      lab,
      lab.victim,
      'nft list ruleset; ipset save; ip route show table all; ip -6 route show table all',
    );

  test('is nftables where all are there, and the trial leaves nothing behind', async () => {
    const before = await show();
    expect(await ask()).toContain("method: 'nftables', why: 'the best that this host has'");
    expect(await show()).toBe(before);
  });

  test('is the next one where that is missing, and the reasons are given', async () => {
    for (const [missing, best] of [
      ['nftables', 'ipset'],
      ['ipset', 'iptables'],
      ['iptables', 'route'],
    ] as const) {
      await shell(lab, lab.victim, `mount --bind /dev/null ${HIDE[missing]}`);
      const answer = await ask();
      expect(answer).toContain(`method: '${best}'`);
      expect(answer).toMatch(new RegExp(`not ${missing}: \\S+: cannot be started: `));
      const traces = await shell(
        lab,
        lab.victim,
        'cat /proc/net/ip_tables_names 2>/dev/null || true; ip route show',
      );
      expect(traces).not.toMatch(/trial|blackhole/i);
    }
    await shell(lab, lab.victim, `mount --bind /dev/null ${HIDE.route}`);
    expect(await ask()).toMatch(/^this host has no way to block: not nftables: .*; not route: [^\n]*$/);
  });

  test('is none without privileges, and one line says why', async () => {
    const answer = await ask('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups');
    expect(answer).toBe(
      'this host has no way to block: CAP_NET_ADMIN is missing: run it as root, or grant it',
    );
  });
});
