import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { treeArchive } from '../support/debian-archive.ts';
import { inTree, TREE, TREE_LIMIT_MS, TREE_PACKAGES, unpackTree } from '../support/debian-tree.ts';
import { nmap, readFile, runningDetectors, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Outcome } from '../support/lab-process.ts';
import { buildPackage } from '../support/packaging.ts';
import { startSyslog } from '../support/services.ts';

/** The Debian package in a fresh Debian that has no Node, and no network but to the scanner. Each test goes on from the one before. */

const CONFIG = '/etc/portsentry/portsentry.conf';
const DEFAULTS = '/etc/default/portsentry';
const HISTORY = '/var/lib/portsentry/portsentry.history';
const POLICY = '/usr/sbin/policy-rc.d';

let lab: Lab;
let built: string;
let before: string[];
beforeAll(async () => {
  lab = await createLab({ name: 'deb' });
  await unpackTree(lab, lab.victim, treeArchive(TREE_PACKAGES), TREE);
  built = buildPackage();
  copyFileSync(built, lab.victim.path(`${TREE}/portsentry.deb`));
  await startSyslog(lab, lab.victim);
  before = await filesInTree();
}, TREE_LIMIT_MS);
afterAll(() => lab.close());

/** All files but those that dpkg and its like write themselves. */
async function filesInTree(): Promise<string[]> {
  const own = ['./proc', './sys', './dev', './tmp', './var/lib/dpkg', './var/log', './var/cache'];
  const prune = own.flatMap((path) => ['-path', path, '-prune', '-o']);
  const { stdout } = await done(['find', '.', ...prune, '-print'], TREE);
  const logs = await done(['find', './var/log', '-name', '*portsentry*'], TREE);
  return `${stdout}${logs.stdout}`.split('\n').sort();
}

/** useradd(8) keeps a copy of each file that it changes. */
const isNotOfUsers = (path: string) =>
  !/^\.\/etc\/((passwd|shadow|group|gshadow|subuid|subgid)-|\.pwd\.lock)$/.test(path);

/** Runs a command that must work. */
async function done(command: readonly string[], cwd?: string): Promise<Outcome> {
  const outcome = await lab.run(lab.victim, command, {
    ...(cwd === undefined ? {} : { cwd }),
  });
  expect(outcome, command.join(' ')).toMatchObject({ code: 0 });
  return outcome;
}

/** Writes the script that Debian's tools ask whether they may start and stop a service: 101 is no. */
async function policy(code: 0 | 101): Promise<void> {
  write(POLICY, `#!/bin/sh\nexit ${code}\n`);
  await done(['chmod', '755', TREE + POLICY]);
}

const field = (file: string, name: string) =>
  execFileSync('dpkg-deb', ['--field', file, name], { encoding: 'utf8' }).trim();
const nodeOf = (file: string) => /\+node(.*)$/.exec(field(file, 'Version'))?.[1];

const read = (path: string) => readFile(lab.victim, TREE + path);
const write = (path: string, text: string) => writeFile(lab.victim, TREE + path, text);
const daemons = () => runningDetectors(lab);
const service = (word: string) => lab.run(lab.victim, inTree('service', 'portsentry', word));

describe('portsentry.deb', () => {
  test('has the version of the Node that it carries, and depends on no other', () => {
    expect(nodeOf(built)).toMatch(/^\d+\.\d+\.\d+$/);
    expect(field(built, 'Depends')).toMatch(
      /^libc6 \(.*\), libgcc-s1 \(.*\), libpcap0\.8 \(.*\), libstdc\+\+6 \(.*\), passwd, /,
    );
    expect(field(built, 'Depends')).not.toContain('node');
  });

  test('with NODE=system depends on nodejs of the major version that cap was built for', () => {
    const small = buildPackage('system');
    const major = Number(process.versions.node.split('.')[0]);
    expect(nodeOf(small)).toBeUndefined();
    expect(field(small, 'Depends')).toMatch(
      new RegExp(`, nodejs \\(>= ${major}[.\\d]*\\), nodejs \\(<< ${major + 1}~\\), passwd, `),
    );
  });

  test('lintian finds no error in it', () => {
    const { status, stdout } = spawnSync('lintian', ['--allow-root', '--fail-on', 'error', built], {
      encoding: 'utf8',
    });
    expect(stdout.split('\n').filter((line) => line.startsWith('E:'))).toEqual([]);
    expect(status).toBe(0);
  });

  test('is installed, and not started where the policy forbids it', async () => {
    await policy(101);
    await done(inTree('dpkg', '--install', '/portsentry.deb'));
    expect(await daemons()).toEqual([]);
    const { stdout } = await done(inTree('/usr/sbin/portsentry', '-V'));
    expect(stdout).toMatch(/^Version: \d+\.\d+\.\d+\n$/);
    const node = nodeOf(built) as string;
    expect((await done(inTree('/usr/lib/portsentry/bin/node', '--version'))).stdout).toBe(`v${node}\n`);
    expect(read('/usr/lib/portsentry/bin/README')).toContain(`Node ${node} `);
    expect(read('/usr/share/doc/portsentry/copyright')).toContain(
      '\n Node.js is licensed for use as follows:\n',
    );
    const check = await done(inTree('portsentry', 'check'));
    expect(check.stdout).toContain(`Configuration: ${CONFIG}`);
    expect(check.stdout).not.toMatch(/: (error|warning): /);
    // The process that reads packets has a user of its own.
    expect((await done(inTree('id', '-un', '_portsentry'))).stdout).toBe('_portsentry\n');
    expect(
      (await done(inTree('find', '/etc', '-name', '*portsentry', '-path', '*/rc2.d/*'))).stdout,
    ).not.toBe('');
    // Without init the default would forbid everything.
    await policy(0);
  });

  test('service: starts, tells, refuses a broken configuration with the finding, stops', async () => {
    expect((await service('start')).code).toBe(0);
    expect((await service('status')).code).toBe(0);
    const whole = read(CONFIG);
    write(CONFIG, `BLOCK_UDP="x"\n${whole}`);
    const refused = await service('restart');
    expect(refused.code).toBe(78);
    expect(refused.stderr).toMatch(/portsentry\.conf:1:12: error: BLOCK_UDP: /);
    expect(await daemons()).toHaveLength(1);
    write(CONFIG, whole);
    expect((await service('stop')).code).toBe(0);
    expect((await service('status')).code).toBe(3);
  });

  test('a scanner is blocked, and is in the history', async () => {
    write(CONFIG, read(CONFIG).replace('BLOCK_TCP="0"', 'BLOCK_TCP="1"'));
    expect((await service('start')).code).toBe(0);
    expect(await daemons()).toEqual([expect.stringMatching(/^\d+ portsentry -atcp -audp --daemon/)]);
    await nmap(lab, ['-sS', '-p', '1-20', lab.wire.to.ipv4]);
    await lab.waitFor(() => read(HISTORY) !== '');
    expect(read(HISTORY)).toMatch(new RegExp(`/${lab.wire.from.ipv4} Port: \\d+ TCP Blocked\n$`));
    expect(read('/var/lib/portsentry/portsentry.blocked.atcp')).toContain(lab.wire.from.ipv4);
    const table = await done(inTree('nft', 'list', 'table', 'inet', 'portsentry'));
    expect(table.stdout).toContain(lab.wire.from.ipv4);
  });

  test('an upgrade keeps configuration and state, and restarts', async () => {
    write(DEFAULTS, 'TCP_MODE="stcp"\nUDP_MODE="audp"\n');
    const [config, history, [running]] = [read(CONFIG), read(HISTORY), await daemons()];
    await done(inTree('dpkg', '--install', '/portsentry.deb'));
    expect(read(CONFIG)).toBe(config);
    expect(read(DEFAULTS)).toContain('TCP_MODE="stcp"');
    expect(read(HISTORY)).toBe(history);
    const [now, ...more] = await daemons();
    expect(more).toEqual([]);
    expect(now).not.toBe(running);
    expect(now).toContain('portsentry -stcp -audp');
  });

  test('a removal ends the daemon and its blocks, and keeps configuration and state', async () => {
    await done(inTree('dpkg', '--remove', 'portsentry'));
    expect(await daemons()).toEqual([]);
    expect((await done(inTree('nft', 'list', 'ruleset'))).stdout).toBe('');
    expect(read(CONFIG)).toContain('BLOCK_TCP="1"');
    expect(read(HISTORY)).not.toBe('');
    expect(read('/usr/sbin/portsentry')).toBe('');
  });

  test('a purge leaves nothing', async () => {
    await done(inTree('dpkg', '--purge', 'portsentry'));
    await done(['rm', TREE + POLICY]);
    expect((await lab.run(lab.victim, inTree('getent', 'passwd', '_portsentry'))).code).toBe(2);
    expect((await lab.run(lab.victim, inTree('getent', 'group', '_portsentry'))).code).toBe(2);
    expect((await filesInTree()).filter(isNotOfUsers)).toEqual(before.filter(isNotOfUsers));
  });
});
