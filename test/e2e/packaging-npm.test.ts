import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIG_FILE, readFile, runningDetectors, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';

/**
 * The program as npm installs it from a packed file and from a git address, and `portsentry setup` on a host with a sysv
 * script. Each test goes on from the one before.
 */

/** npm compiles the native module, and for a git address fetches what the bundle is made with. */
const INSTALL_LIMIT_MS = 600_000;

/** Only /etc, /run and /var are the host's own, so everything goes below /run. */
const PREFIX = '/run/usr';
const MAIN = '/run/npm/lib/node_modules/portsentry/build/bundle/main.js';
const NODE = '/run/node/bin/node';

let lab: Lab;
let folder: string;
let before: string[];
beforeAll(async () => {
  mkdirSync('build', { recursive: true });
  folder = mkdtempSync(resolve('build/npm-'));
  lab = await createLab({ name: 'npm' });
  const bind = 'mkdir -p /run/node/bin /run/usr; touch "$1"; mount --bind "$0" "$1"';
  expect(await lab.run(lab.victim, ['sh', '-ec', bind, process.execPath, NODE])).toMatchObject({ code: 0 });
}, INSTALL_LIMIT_MS);
afterAll(async () => {
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs npm here, where the registry can be reached. */
function npm(...words: string[]): string {
  const headers = execFileSync('node', ['native-notes/prerequisites.cjs', '--headers'], { encoding: 'utf8' });
  const nodedir = headers.trim() === '' ? {} : { npm_config_nodedir: headers.trim() };
  const options = {
    cwd: folder,
    env: { ...process.env, ...nodedir },
    stdio: 'pipe',
    encoding: 'utf8',
  } as const;
  return execFileSync('npm', words, options).trim();
}

const installed = (prefix: string) => join(folder, prefix, 'bin/portsentry');

function install(prefix: string, what: string): void {
  npm('install', '--global', `--prefix=${join(folder, prefix)}`, '--no-audit', '--no-fund', what);
  const { version } = JSON.parse(execFileSync('cat', ['package.json'], { encoding: 'utf8' }));
  const printed = execFileSync(installed(prefix), ['--version'], { encoding: 'utf8', cwd: '/' });
  expect(printed).toBe(`Version: ${version}\n`);
  expectModule(prefix);
}

/** Fails if the native module does not load. */
function expectModule(prefix: string): void {
  const module = join(folder, prefix, 'lib/node_modules/portsentry/node_modules/cap');
  execFileSync(process.execPath, ['-e', `new (require(${JSON.stringify(module)}).Cap)()`]);
}

describe('npm install --global', { timeout: INSTALL_LIMIT_MS }, () => {
  test('of the packed file', () => {
    // The bundle is that of the other tests, which run it now.
    const file = npm('pack', '--ignore-scripts', '--silent', resolve('.'));
    install('packed', join(folder, file));
    // As a later npm leaves it, which does not run the scripts of cap.
    const library = join(folder, 'packed/lib/node_modules/portsentry');
    rmSync(join(library, 'node_modules/cap/build'), { recursive: true });
    npm('--prefix', library, 'run', 'postinstall');
    expectModule('packed');
  });

  test('of a git address', () => {
    const trust = ['-c', 'safe.directory=*'];
    execFileSync('git', [
      ...trust,
      'clone',
      '--quiet',
      '--bare',
      resolve('.'),
      join(folder, 'portsentry.git'),
    ]);
    install('git', `git+file://${join(folder, 'portsentry.git')}`);
  });
});

const run = (...words: string[]) => lab.run(lab.victim, words);
const setup = (...words: string[]) =>
  run(NODE, MAIN, 'setup', '--init', 'sysv', '--prefix', PREFIX, ...words);

/** Every file of the host that setup could have made or changed, but for what the tools for accounts leave behind. */
async function tree(): Promise<string[]> {
  const { stdout } = await run('find', '/etc', '/run/usr', '/var/lib/portsentry', '-printf', '%p %y %m %U\n');
  const isOfAccounts = /^\/etc\/(\.pwd\.lock|(passwd|group|g?shadow|sub[ug]id)-?) /;
  return stdout
    .split('\n')
    .filter((line) => !isOfAccounts.test(line))
    .sort();
}

describe('portsentry setup', () => {
  test('--dry-run changes nothing; only root may do more', async () => {
    cpSync(join(folder, 'packed'), lab.victim.path('/run/npm'), { recursive: true, verbatimSymlinks: true });
    before = await tree();
    const { code, stdout } = await setup('--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(`installed ${CONFIG_FILE}\n`);
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', NODE, MAIN, 'setup'];
    expect(await run(...asNobody)).toMatchObject({
      code: 77,
      stdout: '',
      stderr: 'portsentry: setup must run as root: sudo portsentry setup\n',
    });
    expect(await tree()).toEqual(before);
  });

  test('a program that others could change gets no service', async () => {
    await run('chmod', '777', '/run/npm');
    expect(await setup()).toMatchObject({
      code: 69,
      stdout: '',
      stderr: expect.stringMatching(
        /^portsentry: no service can be set up: \/run\/npm can be written by everybody.*\n$/,
      ),
    });
    await run('chmod', '755', '/run/npm');
    expect(await tree()).toEqual(before);
  });

  test('installs each file, says so, and starts nothing', async () => {
    const { code, stdout, stderr } = await setup();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const path of [CONFIG_FILE, '/etc/init.d/portsentry', `${PREFIX}/share/man/man8/portsentry.8`])
      expect(stdout).toContain(`installed ${path}\n`);
    expect(stdout).toContain('  /etc/init.d/portsentry restart\n');
    expect(await run('id', '--user', '_portsentry')).toMatchObject({ code: 0 });
    expect(await runningDetectors(lab)).toEqual([]);
  });

  test('--enable starts the service, which runs the program of npm', async () => {
    const { code, stderr, stdout } = await setup('--enable');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('ran       /etc/init.d/portsentry restart\n');
    expect(stdout).not.toContain('installed');
    expect(await runningDetectors(lab)).toHaveLength(1);
    expect(readFile(lab.victim, `${PREFIX}/lib/portsentry/portsentry`)).toContain(
      `exec '${NODE}' '${MAIN}' "$@"`,
    );
  });

  test('--remove stops it, and keeps a changed configuration', async () => {
    const shipped = readFile(lab.victim, CONFIG_FILE);
    writeFile(lab.victim, CONFIG_FILE, `${shipped}SCAN_TRIGGER="1"\n`);
    const { code, stdout, stderr } = await setup('--remove');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`kept      ${CONFIG_FILE}: it was changed; --purge removes it\n`);
    expect(await runningDetectors(lab)).toEqual([]);
    expect((await run('id', '--user', '_portsentry')).code).toBe(1);
  });

  test('--remove --purge leaves nothing but what was there', async () => {
    expect((await setup('--remove', '--purge')).code).toBe(0);
    expect(await tree()).toEqual(before);
  });
});

describe('a machine', () => {
  test('with Node 18: the program, and the script that npm runs first, say so in one line', async () => {
    const name = `node-linux-${process.arch}`;
    npm(
      'install',
      `--prefix=${join(folder, 'old')}`,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `${name}@18`,
    );
    const old = join(folder, 'old/node_modules', name, 'bin/node');
    const line = /^portsentry: found Node 18\.\d+\.\d+; Node 20\.19 or newer .*\n$/;
    for (const file of ['native-notes/prerequisites.cjs', 'dist/main.js', 'build/bundle/main.js']) {
      const { code, stdout, stderr } = await run(old, file);
      expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
      expect(stderr).toMatch(line);
    }
  });

  test('without headers of Node: that npm fetches them', async () => {
    const hide =
      'mkdir -p /run/empty; [ ! -d /usr/include/node ] || mount --bind /run/empty /usr/include/node';
    expect(await run('sh', '-ec', hide)).toMatchObject({ code: 0 });
    const ask = ['env', '--unset=npm_config_nodedir', NODE, 'native-notes/prerequisites.cjs', '--headers'];
    expect(await run(...ask)).toMatchObject({
      code: 0,
      stdout: '\n',
      stderr: expect.stringMatching(
        /^portsentry: no headers of Node [\d.]+ on this machine, so npm fetches them; .*\n$/,
      ),
    });
  });
});
