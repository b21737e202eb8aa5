import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

/**
 * Builds the Debian package of the built program, which carries its own Node; with `system` the small one, which needs
 * Debian's. Returns its path. It is compressed less than one that is published, to save time.
 */
export function buildPackage(node?: 'system'): string {
  return resolve(make('deb', ...(node === undefined ? [] : [`NODE=${node}`])).trim());
}

/** Builds the archive that needs only glibc. Returns its path. */
export function buildTarball(): string {
  return resolve(make('tarball').trim());
}

/** NO_BUILD: the tests are about the program as it was built before they began. */
function make(...words: readonly string[]): string {
  return execFileSync('make', ['--silent', '--no-print-directory', 'NO_BUILD=1', ...words], {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, DPKG_DEB_COMPRESSOR_LEVEL: '1' },
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
