import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The last commit whose package needs nodejs and is not bundled. */
const COMMIT = 'ea16a36';

/**
 * Builds the Debian package of that commit for this Node, and returns its path. It is built once for a checkout, in a
 * worktree that is removed.
 */
export function buildFormerPackage(): string {
  const kept = resolve(`build/former-${COMMIT}.deb`);
  if (existsSync(kept)) return kept;
  const worktree = resolve(`build/former-${process.pid}`);
  mkdirSync('build', { recursive: true });
  run(['git', 'worktree', 'add', '--quiet', '--detach', worktree, COMMIT]);
  try {
    run(['make', '--silent', 'deb'], worktree);
    const built = readdirSync(join(worktree, 'build')).find((name) => name.endsWith('.deb')) as string;
    renameSync(join(worktree, 'build', built), kept);
  } finally {
    run(['git', 'worktree', 'remove', '--force', worktree]);
  }
  return kept;
}

/**
 * Builds an empty package `nodejs`, and returns its path. It tells dpkg that there is the Node that a tree gets from the
 * test.
 */
export function buildNodePackage(): string {
  const folder = resolve(`build/nodejs-${process.pid}`);
  const built = resolve('build/nodejs.deb');
  const fields = [
    'Package: nodejs',
    `Version: ${process.versions.node}-1`,
    'Architecture: all',
    'Maintainer: nobody <nobody@portsentry.invalid>',
    'Description: stands for the node of the test',
  ];
  try {
    mkdirSync(`${folder}/DEBIAN`, { recursive: true });
    writeFileSync(`${folder}/DEBIAN/control`, `${fields.join('\n')}\n`);
    run(['dpkg-deb', '--build', folder, built]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return built;
}

function run([program, ...args]: readonly [string, ...string[]], cwd?: string): void {
  execFileSync(program, args, { cwd, stdio: 'pipe' });
}
