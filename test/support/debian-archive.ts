import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Holds what is made here until `make clean`. */
const FOLDER = resolve('build');

/** Which Debian an archive has. */
export interface TreeOptions {
  /** The code name; that of this machine without it. */
  readonly release?: string;
  /** `extract`: only the packages and what they depend on, unpacked, with none of their scripts run. */
  readonly variant?: 'essential' | 'extract';
}

/**
 * The archive of a fresh Debian, with these packages beside the essential ones. It is made once for each checkout, list of
 * packages and kind of tree.
 */
export function treeArchive(
  packages: readonly string[],
  { release = ownRelease(), variant = 'essential' }: TreeOptions = {},
): string {
  const kind = variant === 'essential' ? '' : variant;
  const contents = createHash('sha256')
    .update(packages.join() + kind)
    .digest('hex')
    .slice(0, 8);
  const archive = join(FOLDER, `tree-${release}-${contents}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(FOLDER, { recursive: true });
  const unfinished = join(FOLDER, `unfinished-${process.pid}.tar`);
  const options = [
    '--quiet',
    '--mode=root',
    `--variant=${variant}`,
    `--include=${packages.join()}`,
    // It need not survive a loss of power. A path-exclude here would double the time, because each archive is then filtered.
    '--dpkgopt=force-unsafe-io',
    // A mirror may be a copy of some weeks ago, and that of a release that is in the making is dated.
    '--aptopt=Acquire::Check-Valid-Until "false";',
    ...aptSettings().map((setting) => `--aptopt=${setting}`),
  ];
  try {
    execFileSync('mmdebstrap', [...options, release, unfinished, mirrorOf(ownRelease())], { stdio: 'pipe' });
    renameSync(unfinished, archive);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return archive;
}

/** The file of the package behind an empty one in this release, such as the kernel behind `linux-image-cloud-amd64`. */
export function packageBehind(name: string): string {
  const [fields] = aptSays('apt-cache', ['show', '--no-all-versions', name]).filter((line) =>
    line.startsWith('Depends: '),
  );
  const real = /^Depends: (\S+)/.exec(fields ?? '')?.[1];
  if (real === undefined) throw new Error(`apt knows no ${name}: run apt-get update`);
  const kept = () => readdirSync(FOLDER).find((file) => file.startsWith(`${real}_`) && file.endsWith('.deb'));
  mkdirSync(FOLDER, { recursive: true });
  if (kept() === undefined) download(real);
  return join(FOLDER, kept() as string);
}

/** Downloads a package to the folder, whole or not at all. */
function download(name: string): void {
  const unfinished = mkdtempSync(join(FOLDER, 'unfinished-'));
  try {
    execFileSync('apt-get', ['--quiet', 'download', name], { cwd: unfinished, stdio: 'pipe' });
    for (const file of readdirSync(unfinished)) renameSync(join(unfinished, file), join(FOLDER, file));
  } finally {
    rmSync(unfinished, { recursive: true });
  }
}

/** The code name of this machine's Debian. */
export function ownRelease(): string {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] as string;
}

/** The mirror from which this machine gets its packages. */
export function mirrorOf(release: string): string {
  const query = ['--format', '$(REPO_URI)', 'Created-By: Packages', `Codename: ${release}`];
  const [mirror] = aptSays('apt-get', ['indextargets', ...query]);
  if (mirror === undefined) throw new Error(`apt has no packages of ${release}: run apt-get update`);
  return mirror;
}

/** The settings with which this machine's apt reaches the mirror. */
function aptSettings(): string[] {
  return aptSays('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire::http', 'Acquire::https']).filter(
    (line) => line !== '' && !line.endsWith(' "";'),
  );
}

function aptSays(program: string, args: readonly string[]): string[] {
  return execFileSync(program, args, { encoding: 'utf8' }).split('\n').filter(Boolean);
}
