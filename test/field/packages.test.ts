import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersOf, countAnswers } from '../support/answers.ts';
import { treeArchive } from '../support/debian-archive.ts';
import { inTree, TREE, unpackTree } from '../support/debian-tree.ts';
import { nmap, readFile, runningDetectors, writeFile } from '../support/detector.ts';
import { buildFormerPackage, buildNodePackage } from '../support/former-package.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Outcome } from '../support/lab-process.ts';
import { buildPackage, buildTarball } from '../support/packaging.ts';
import { startSyslog } from '../support/services.ts';

/**
 * The package and the archive that carry their own Node, in fresh trees of several releases. They have no Node, no npm, no
 * compiler, and no network but to the scanner. Each test goes on from the one before.
 */

const CONFIG = '/etc/portsentry/portsentry.conf';
const HISTORY = '/var/lib/portsentry/portsentry.history';

/** What the package depends on, and the programs that the tests use. */
const DEPENDENCIES = ['libpcap0.8', 'libstdc++6', 'nftables', 'passwd', 'procps'];

let lab: Lab;

async function freshTree(release: string, packages: readonly string[]): Promise<void> {
  lab = await createLab({ name: release });
  await unpackTree(lab, lab.victim, treeArchive(packages, { release }), TREE);
  await startSyslog(lab, lab.victim);
  await countAnswers(lab);
  for (const program of ['node', 'npm', 'cc']) await fails(inTree('sh', '-c', `command -v ${program}`));
}

/** Runs a command that must work. */
async function done(command: readonly string[], cwd?: string): Promise<Outcome> {
  const outcome = await lab.run(lab.victim, command, {
    ...(cwd === undefined ? {} : { cwd }),
    timeout: 300_000,
  });
  expect(outcome, command.join(' ')).toMatchObject({ code: 0 });
  return outcome;
}

async function fails(command: readonly string[]): Promise<void> {
  expect((await lab.run(lab.victim, command)).code, command.join(' ')).not.toBe(0);
}

const read = (path: string) => readFile(lab.victim, TREE + path);
const write = (path: string, text: string) => writeFile(lab.victim, TREE + path, text);
const bring = (file: string, name = basename(file)) => copyFileSync(file, lab.victim.path(`${TREE}/${name}`));
const daemons = () => runningDetectors(lab);
const service = (word: string) => done(inTree('service', 'portsentry', word));
const portsentry = async (...words: string[]) => (await done(inTree('portsentry', ...words))).stdout;
const table = async () => (await done(inTree('nft', 'list', 'ruleset'))).stdout;

/** Scans, and expects no answer and a block. */
async function scan(ports: string): Promise<void> {
  const before = await answersOf(lab);
  await nmap(lab, ['-sS', '-p', ports, lab.wire.to.ipv4]);
  await lab.waitFor(() => read(HISTORY).includes(`/${lab.wire.from.ipv4} Port: `));
  expect(await answersOf(lab)).toBe(before);
  expect(await table()).toContain(lab.wire.from.ipv4);
}

/** All files but those that dpkg and its like write themselves, and those of the test. */
async function filesInTree(): Promise<string[]> {
  const own = [
    './proc',
    './sys',
    './dev',
    './tmp',
    './var/lib/dpkg',
    './var/log',
    './var/cache',
    './run/xtables.lock',
  ];
  const prune = own.flatMap((path) => ['-path', path, '-prune', '-o']);
  const { stdout } = await done(['find', '.', ...prune, '-print'], TREE);
  const logs = await done(['find', './var/log', '-name', '*portsentry*'], TREE);
  // useradd(8) keeps a copy of each file that it changes.
  return `${stdout}${logs.stdout}`
    .split('\n')
    .filter((path) => !/^\.\/etc\/((passwd|shadow|group|gshadow|subuid|subgid)-|\.pwd\.lock)$/.test(path))
    .sort();
}

/** What the host of the service manager would say: Debian's tools ask this before they start a service. */
async function allowServices(): Promise<void> {
  write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 0\n');
  await done(['chmod', '755', `${TREE}/usr/sbin/policy-rc.d`]);
}

describe.each([
  ['bookworm', [], true],
  ['trixie', [], true],
  ['jammy', ['lsb-base'], true],
  // The former package cannot block with the nft of this release.
  ['noble', [], false],
] as const)('portsentry.deb in %s', (release, more, hasFormer) => {
  let before: string[];
  beforeAll(async () => {
    await freshTree(release, [...DEPENDENCIES, ...more]);
    bring(buildPackage(), 'portsentry.deb');
    bring(buildFormerPackage(), 'former.deb');
    bring(buildNodePackage(), 'nodejs.deb');
    await allowServices();
    before = await filesInTree();
  });
  afterAll(() => lab.close());

  test('is installed, checks its configuration, and a scan is answered nothing', async () => {
    const startMs = performance.now();
    await done(inTree('dpkg', '--install', '/portsentry.deb'));
    const seconds = (performance.now() - startMs) / 1_000;
    console.log(
      `${release}: ${(await portsentry('-V')).trim()}, installed and started in ${seconds.toFixed(1)} s`,
    );
    expect(await portsentry('check')).not.toMatch(/: (error|warning): /);
    expect(await daemons()).toHaveLength(1);
    write(CONFIG, read(CONFIG).replace('BLOCK_TCP="0"', 'BLOCK_TCP="1"'));
    await service('restart');
    await scan('1-50');
    await done(inTree('dpkg', '--purge', 'portsentry'));
    expect(await filesInTree()).toEqual(before);
    expect(await table()).toBe('');
  });

  if (!hasFormer) return;

  test('an upgrade from the package that needed nodejs keeps configuration, state and blocks', async () => {
    const bind = `touch ${TREE}/usr/bin/node; mount --bind "$0" ${TREE}/usr/bin/node`;
    await done(['sh', '-ec', bind, process.execPath]);
    await done(inTree('dpkg', '--install', '/nodejs.deb'));
    await done(inTree('dpkg', '--install', '/former.deb'));
    write(CONFIG, read(CONFIG).replace('BLOCK_TCP="0"', 'BLOCK_TCP="1"'));
    write('/etc/default/portsentry', 'TCP_MODE="atcp"\nUDP_MODE="sudp"\n');
    await service('restart');
    await scan('1-50');
    await done(inTree('portsentry', 'block', '192.0.2.7', '--for', '1h', '--why', 'a trial'));
    const [config, history, list] = [read(CONFIG), read(HISTORY), await portsentry('list', '--json')];
    const [running] = await daemons();

    await done(inTree('dpkg', '--install', '/portsentry.deb'));
    expect([read(CONFIG), read(HISTORY)]).toEqual([config, history]);
    expect(await daemons()).toEqual([expect.stringMatching(/^\d+ portsentry -atcp -sudp /)]);
    expect((await daemons())[0]).not.toBe(running);
    for (const target of [lab.wire.from.ipv4, '192.0.2.7']) {
      expect(list).toContain(`"target":"${target}"`);
      expect(await portsentry('list', '--json')).toContain(`"target":"${target}"`);
      expect(await table()).toContain(target);
    }
    await fails(['test', '-e', `${TREE}/usr/lib/portsentry/dist`]);

    // Nothing needs the other Node any more.
    await done(inTree('dpkg', '--purge', 'nodejs'));
    await done(['sh', '-ec', `umount ${TREE}/usr/bin/node; rm ${TREE}/usr/bin/node`]);
    await service('restart');
    expect(await table()).toContain('192.0.2.7');
  });

  test('a removal keeps configuration and state, and a purge leaves nothing', async () => {
    await done(inTree('dpkg', '--remove', 'portsentry'));
    expect(await daemons()).toEqual([]);
    expect(await table()).toBe('');
    expect(read(CONFIG)).toContain('BLOCK_TCP="1"');
    expect(read(HISTORY)).not.toBe('');
    await done(inTree('dpkg', '--purge', 'portsentry'));
    expect(await filesInTree()).toEqual(before);
  });
});

describe.each([
  ['bullseye', ['lsb-base']],
  ['bookworm', []],
  ['noble', []],
] as const)('the archive in %s', (release, more) => {
  /** Without libpcap. */
  const packages = ['libstdc++6', 'nftables', 'passwd', 'procps', ...more];
  let folder: string;
  let before: string[];
  beforeAll(async () => {
    await freshTree(release, packages);
    const archive = buildTarball();
    folder = `/${basename(archive, '.tar.gz')}`;
    before = await filesInTree();
    bring(archive, 'archive.tar.gz');
    await done(inTree('tar', '--extract', '--gzip', '--file', '/archive.tar.gz'));
    await done(['rm', `${TREE}/archive.tar.gz`]);
  });
  afterAll(() => lab.close());

  test('runs where it was unpacked', async () => {
    await fails(inTree('sh', '-c', 'ldconfig -p | grep -q libpcap'));
    expect((await done(inTree(`${folder}/portsentry`, '-V'))).stdout).toMatch(/^Version: /);
  });

  test('installs itself for the init system, and a scan is answered nothing', async () => {
    const { stdout } = await done(inTree(`${folder}/install.sh`, '--enable'));
    console.log(`${release}, install.sh --enable:\n${stdout}`);
    expect(await daemons()).toHaveLength(1);
    expect(await portsentry('check')).not.toMatch(/: (error|warning): /);
    write(CONFIG, read(CONFIG).replace('BLOCK_TCP="0"', 'BLOCK_TCP="1"'));
    await service('restart');
    await scan('1-50');
  });

  test('an update keeps configuration, state and blocks, and restarts the daemon', async () => {
    const [running] = await daemons();
    const [config, history] = [read(CONFIG), read(HISTORY)];
    await done(inTree(`${folder}/install.sh`));
    expect([read(CONFIG), read(HISTORY)]).toEqual([config, history]);
    const [now] = await daemons();
    expect(now).toBeDefined();
    expect(now).not.toBe(running);
    expect(await table()).toContain(lab.wire.from.ipv4);
  });

  test('what is installed removes itself; --purge takes configuration and state, too', async () => {
    await done(inTree('/usr/local/lib/portsentry/install.sh', '--uninstall'));
    expect(await daemons()).toEqual([]);
    expect(await table()).toBe('');
    expect(read(CONFIG)).toContain('BLOCK_TCP="1"');
    expect(read(HISTORY)).not.toBe('');
    await done(inTree(`${folder}/install.sh`));
    await done(inTree('/usr/local/lib/portsentry/install.sh', '--uninstall', '--purge'));
    await done(['rm', '-r', TREE + folder]);
    expect(await filesInTree()).toEqual(before);
  });
});

test.each([['system'], [undefined]] as const)('lintian finds no error in the package (NODE=%s)', (node) => {
  const { status, stdout } = spawnSync(
    'lintian',
    ['--allow-root', '--fail-on', 'error', buildPackage(node)],
    {
      encoding: 'utf8',
    },
  );
  console.log(stdout);
  expect(status).toBe(0);
});

test('Node and the native module of the archive need no newer glibc than 2.28', () => {
  const listed = execFileSync('tar', ['--list', '--gzip', '--file', buildTarball()], { encoding: 'utf8' });
  const files = listed.split('\n').filter((name) => /\/bin\/node$|\.node$/.test(name));
  expect(files).toHaveLength(2);
  for (const file of files) {
    const elf = execFileSync(
      'sh',
      ['-c', `tar -xzOf "$0" "$1" >build/elf && objdump -T build/elf; rm build/elf`, buildTarball(), file],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      },
    );
    const minors = [...elf.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    console.log(`${basename(file)}: glibc 2.${Math.max(...minors)}`);
    expect(Math.max(...minors)).toBeLessThanOrEqual(28);
  }
});
