import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Puts the built program where a host can see it, by `make install`; or takes it away by `make uninstall`. */
export function makeInstall(
  target: 'install' | 'uninstall',
  variables: Readonly<Record<string, string>>,
): string {
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  // What is tested is the tree as it was built before the tests began.
  return execFileSync('make', ['--silent', target, 'NO_BUILD=1', ...words], {
    encoding: 'utf8',
    cwd: resolve('.'),
  });
}
