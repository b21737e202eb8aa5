import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { mirrorOf, ownRelease } from './debian-archive.ts';

/** A Debian package that is unpacked but not installed: none of its scripts has run. */
export interface Unpacked {
  readonly folder: string;
  readonly version: string;
}

/**
 * Downloads a package of a Debian release from this machine's mirror, and unpacks it below build/. It does so once for each
 * checkout; `make clean` removes the result.
 */
export function unpackPackage(name: string, release = ownRelease()): Unpacked {
  const home = resolve(`build/packages/${release}`);
  mkdirSync(home, { recursive: true });
  const present = readdirSync(home).find((entry) => entry.startsWith(`${name}_`));
  if (present !== undefined) return { folder: join(home, present), version: versionOf(present) };
  const options = release === ownRelease() ? [] : foreignRelease(release, home);
  const unfinished = mkdtempSync(join(home, 'unfinished-'));
  try {
    run('apt-get', [...options, '--quiet', '--quiet', 'download', name], unfinished);
    const archive = readdirSync(unfinished).find((entry) => entry.endsWith('.deb')) as string;
    const version = run('dpkg-deb', ['--field', archive, 'Version'], unfinished).trim();
    const folder = join(home, `${name}_${version}`);
    run('dpkg-deb', ['--extract', archive, 'tree'], unfinished);
    renameSync(join(unfinished, 'tree'), folder);
    return { folder, version };
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function versionOf(folder: string): string {
  return folder.slice(folder.indexOf('_') + 1);
}

/** Options that make apt use another release and leave this machine's own state alone. */
function foreignRelease(release: string, home: string): string[] {
  const root = join(home, 'apt');
  const sources = join(root, 'sources.list');
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State=${root}`,
    `Dir::State::status=${join(root, 'status')}`,
    `Dir::Cache=${root}`,
    'APT::Sandbox::User=root',
  ].flatMap((setting) => ['--option', setting]);
  if (existsSync(sources)) return options;
  mkdirSync(join(root, 'lists/partial'), { recursive: true });
  mkdirSync(join(root, 'archives/partial'), { recursive: true });
  writeFileSync(join(root, 'status'), '');
  writeFileSync(sources, `deb ${mirrorOf(ownRelease())} ${release} main\n`);
  run('apt-get', [...options, '--quiet', '--quiet', 'update'], home);
  return options;
}

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
}
