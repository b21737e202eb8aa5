import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Exit } from '../../src/preflight/exit.ts';
import { LEAST_NODE, refuseOldNode } from '../../src/preflight/old-node.ts';

test.each(['20.19.0', '20.20.2', '22.0.0', '24.21.0', '100.1.0'])('Node %s runs it', (version) => {
  expect(() => refuseOldNode(version)).not.toThrow();
});

test.each(['10.24.1', '18.20.8', '20.18.3'])('Node %s is refused in one line', (version) => {
  expect(() => refuseOldNode(version)).toThrow(
    expect.objectContaining({
      exit: Exit.unavailable,
      message: expect.stringMatching(
        new RegExp(`^found Node ${version}; Node 20.19 or newer is needed: .*$`),
      ),
    }),
  );
});

test('package.json and the text for a build name the same version', () => {
  const least = `${LEAST_NODE.major}.${LEAST_NODE.minor}`;
  expect(JSON.parse(readFileSync('package.json', 'utf8')).engines.node).toBe(`>=${least}.0`);
  expect(readFileSync('native-notes/which-node.txt', 'utf8')).toContain(`Node ${least} or newer`);
});
