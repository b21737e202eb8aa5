import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Lab } from './lab.ts';
import type { LabProcess } from './lab-process.ts';

/** Installs the built program below DESTDIR with `make install`, or removes it with `make uninstall`. */
export function makeInstall(
  target: 'install' | 'uninstall',
  variables: Readonly<Record<string, string>>,
): void {
  make(target, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`));
}

/** Builds the Debian package of the built program. Returns its path. */
export function buildPackage(): string {
  return resolve(make('deb').trim());
}

/**
 * Builds an empty package `nodejs`, and returns its path. The release may have a Node that is too old, so a tree gets the
 * test's own Node; this package tells dpkg that it is there.
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
    execFileSync('dpkg-deb', ['--build', folder, built], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return built;
}

/** NO_BUILD: the tests are about the program as it was built before they began. */
function make(...words: readonly string[]): string {
  return execFileSync('make', ['--silent', '--no-print-directory', 'NO_BUILD=1', ...words], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

/** Starts another program of root that is called portsentry, and writes its number into the file. */
export async function startNamesake(lab: Lab, pidFile: string): Promise<LabProcess> {
  const script = `mkdir -p /run/other; cp /bin/sleep /run/other/portsentry
    echo $$ > ${pidFile}; exec /run/other/portsentry 600`;
  const started = await lab.start(lab.victim, ['sh', '-ec', script]);
  await lab.waitFor(() => readFileSync(`/proc/${started.pid}/comm`, 'latin1') === 'portsentry\n');
  return started;
}
