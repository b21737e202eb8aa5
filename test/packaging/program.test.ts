import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'portsentry-program-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const put = (env: NodeJS.ProcessEnv = {}) =>
  spawnSync('packaging/program', [folder], { encoding: 'utf8', env: { ...process.env, ...env } });

test('packaging/program replaces what was in the folder, and names the Node that it is given', () => {
  writeFileSync(join(folder, 'chunk-of-before.js'), '');
  expect(put({ NODE: '/opt/other/bin/node' })).toMatchObject({ status: 0, stderr: '' });
  expect(existsSync(join(folder, 'chunk-of-before.js'))).toBe(false);
  expect(readFileSync(join(folder, 'main.js'), 'utf8')).toMatch(/^#!\/opt\/other\/bin\/node\n/);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toEqual({
    name: 'portsentry',
    version,
    license: 'MIT',
    type: 'module',
  });
});

test('packaging/program says which native module is missing', () => {
  const { status, stderr } = put({ CAP_NODE: '/nonexistent/cap.node' });
  expect(stderr).toBe('portsentry: /nonexistent/cap.node is missing: run npm run build:cap\n');
  expect(status).toBe(66);
});

test('npm pack ships the bundle and what installs it, and nothing that only a build reads', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  const names = files.map(({ path }) => path);
  expect(names).toEqual(
    expect.arrayContaining(readdirSync('build/bundle').map((name) => `build/bundle/${name}`)),
  );
  expect(names).toContain('native-notes/prerequisites.cjs');
  expect(names.filter((name) => /^(src|dist|test|build\/(?!bundle\/))/.test(name))).toEqual([]);
});
