import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** with-node says in one line why it does not run the command. `make node-22` shows what it does when it does. */

/** The only folder that it may write to. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-with-node-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Nothing answers there, so that the result is the same with and without a network. npm keeps nothing in TMPDIR (Node 22). */
const NO_REGISTRY = {
  npm_config_registry: 'http://127.0.0.1:1',
  npm_config_fetch_retries: '0',
  NODE_DISABLE_COMPILE_CACHE: '1',
};

function withNode(...args: string[]) {
  const env = { ...process.env, ...NO_REGISTRY, TMPDIR: folder, npm_config_cache: join(folder, 'cache') };
  const { status, stdout, stderr } = spawnSync('test/support/with-node', args, { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test.each([[[]], [['22']], [['newest', 'true']], [['22; true', 'true']]])(
  'a call with %j is refused',
  (args) => {
    expect(withNode(...args)).toEqual({
      status: 64,
      stdout: '',
      stderr: 'portsentry: expected a version of Node and a command, such as: with-node 22 make test\n',
    });
  },
);

test('a Node that is not available: nothing runs, and nothing is left', () => {
  const { status, stdout, stderr } = withNode('22', 'echo', 'run all the same');
  expect(stderr).toMatch(/^portsentry: Node 22 is not available: .*ECONNREFUSED.*\n$/);
  expect({ status, stdout }).toEqual({ status: 69, stdout: '' });
  expect(readdirSync(folder)).toEqual(['cache']);
});
