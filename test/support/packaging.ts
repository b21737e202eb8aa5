import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Puts the built program below DESTDIR by `make install`, or takes it away by `make uninstall`. */
export function makeInstall(
  target: 'install' | 'uninstall',
  variables: Readonly<Record<string, string>>,
): void {
  make(target, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`));
}

/** Builds the Debian package of the built program; tells its path. */
export function buildPackage(): string {
  return resolve(make('deb').trim());
}

/** What is tested is the tree as it was built before the tests began. */
function make(...words: readonly string[]): string {
  return execFileSync('make', ['--silent', 'NO_BUILD=1', ...words], { encoding: 'utf8', stdio: 'pipe' });
}
