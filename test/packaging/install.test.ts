import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeInstall } from '../support/packaging.ts';

/** Enough for an installation on a busy machine. */
const INSTALL_TIMEOUT_MS = 120_000;

/** Every file and folder below `folder`. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

function fresh(variables: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-install-'));
  return { folder, variables: { DESTDIR: folder, PREFIX: '/usr', INIT: 'systemd sysv', ...variables } };
}

describe('make install', () => {
  const { folder, variables } = fresh();
  makeInstall('install', variables);

  test('installs a program that runs, whatever `node` is in PATH', () => {
    const program = join(folder, 'usr/sbin/portsentry');
    const version = JSON.parse(readFileSync('package.json', 'utf8')).version;
    const env = { PATH: '/nonexistent' };
    expect(execFileSync(program, ['-V'], { encoding: 'utf8', env, cwd: '/' })).toBe(`Version: ${version}\n`);
    expect(readFileSync(program, 'utf8')).toMatch(/^#!\/\S*node\n/);
  });

  test('installs only the files that the program needs, and their licences', () => {
    const library = join(folder, 'usr/lib/portsentry');
    const isOfBundle = (name: string) => /^[^/]+\.js$/.test(name);
    expect(contents(library).filter((name) => !isOfBundle(name))).toEqual([
      'LICENSES',
      'node_modules',
      'node_modules/cap',
      'node_modules/cap/LICENSE',
      'node_modules/cap/build',
      'node_modules/cap/build/Release',
      'node_modules/cap/build/Release/cap.node',
      'node_modules/cap/lib',
      'node_modules/cap/lib/Cap.js',
      'node_modules/cap/lib/Decoders.js',
      'node_modules/cap/package.json',
      'package.json',
      'with-notify',
    ]);
    const load = "if (typeof require('cap').Cap !== 'function') throw new Error('no Cap')";
    expect(spawnSync(process.execPath, ['-e', load], { cwd: library, encoding: 'utf8' })).toMatchObject({
      stderr: '',
      status: 0,
    });
    const licenses = readFileSync(join(library, 'LICENSES'), 'utf8');
    for (const name of ['winston', 'yargs', 'yargs-parser'])
      expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\n\n.*(MIT|ISC|Copyright)`, 'm'));
  });

  test('names the holders and the licence of all that is bundled in the copyright of the package', () => {
    const copyright = execFileSync('node', ['packaging/modules.cjs', '--copyright'], { encoding: 'utf8' });
    for (const folder of JSON.parse(readFileSync('build/bundled.json', 'utf8')) as string[]) {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      expect(copyright).toMatch(new RegExp(`^ +${name} ${version} \\((Expat|ISC|Apache-2.0)\\)$`, 'm'));
    }
    expect(copyright).toMatch(/^Files: usr\/lib\/portsentry\/node_modules\/cap\/\*\n.*Brian White/m);
  });

  test('lets other users read but not write', () => {
    for (const name of contents(folder)) {
      const { mode } = statSync(join(folder, name));
      expect(mode & 0o022, name).toBe(0);
      if (name !== 'var/lib/portsentry') expect(mode & 0o044, name).toBe(0o044);
    }
  });

  test('installs completions that a shell can read', () => {
    const bash = join(folder, 'usr/share/bash-completion/completions/portsentry');
    const { status } = spawnSync('bash', ['-n', bash]);
    expect(status).toBe(0);
    const zsh = readFileSync(join(folder, 'usr/share/zsh/site-functions/_portsentry'), 'utf8');
    expect(zsh).toMatch(/^#compdef portsentry\n/);
  });
});

describe('make uninstall', { timeout: INSTALL_TIMEOUT_MS }, () => {
  test.each(['systemd sysv', 'openrc', 'systemd'])('removes everything of an installation for %s', (INIT) => {
    const { folder, variables } = fresh({ INIT, PREFIX: '/opt/portsentry' });
    makeInstall('install', variables);
    expect(contents(folder)).toContain('opt/portsentry/lib/portsentry/child.js');
    makeInstall('uninstall', variables);
    expect(contents(folder)).toEqual([]);
  });

  test('keeps changed files and records', () => {
    const { folder, variables } = fresh();
    mkdirSync(join(folder, 'etc/portsentry'), { recursive: true });
    writeFileSync(join(folder, 'etc/portsentry/portsentry.conf'), 'BLOCK_TCP="1"\n');
    makeInstall('install', variables);
    expect(readFileSync(join(folder, 'etc/portsentry/portsentry.conf'), 'utf8')).toBe('BLOCK_TCP="1"\n');
    appendFileSync(join(folder, 'etc/portsentry/portsentry.ignore'), '192.0.2.1\n');
    writeFileSync(join(folder, 'var/lib/portsentry/portsentry.history'), '');
    makeInstall('install', variables);
    makeInstall('uninstall', variables);
    const files = contents(folder).filter((name) => statSync(join(folder, name)).isFile());
    expect(files).toEqual([
      'etc/portsentry/portsentry.conf',
      'etc/portsentry/portsentry.ignore',
      'var/lib/portsentry/portsentry.history',
    ]);
  });
});

test.each([
  [{ INIT: 'upstart' }, /--init: expected "systemd", "openrc", "sysv" or "none", found "upstart"/],
  [{ PREFIX: '/opt/a b' }, /--prefix: expected a path from the root, of .*, found "\/opt\/a b"/],
  [{ PREFIX: 'opt' }, /--prefix: expected a path from the root, .*, found "opt"/],
])('make install %o is refused', (wrong: Record<string, string>, reason) => {
  const { folder, variables } = fresh(wrong);
  expect(() => makeInstall('install', variables)).toThrow(reason);
  expect(contents(folder)).toEqual([]);
});
