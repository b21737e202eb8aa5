import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

/** Holds what is made here until `make clean`. */
const FOLDER = resolve('build');

/** Which Debian or Ubuntu an archive has. */
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
  const [keys, mirror] = UBUNTU_RELEASES.includes(release)
    ? [[`--keyring=${ubuntuKeyring()}`], []]
    : [[], [mirrorOf(ownRelease())]];
  try {
    execFileSync('mmdebstrap', [...options, ...keys, release, unfinished, ...mirror], { stdio: 'pipe' });
    renameSync(unfinished, archive);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return archive;
}

/** mmdebstrap knows the mirror of these. */
const UBUNTU_RELEASES: readonly string[] = ['jammy', 'noble'];

/** Ubuntu's signatures, which Debian has a package of. */
function ubuntuKeyring(): string {
  const folder = join(FOLDER, 'ubuntu-keyring');
  execFileSync('dpkg-deb', ['--extract', new Release('trixie').file('ubuntu-keyring'), folder]);
  return join(folder, 'usr/share/keyrings/ubuntu-archive-keyring.gpg');
}

/** Debian's signatures; its package `debian-archive-keyring` has those of older and newer releases, too. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The packages of one release of Debian, whatever this machine's release is. Each file is downloaded once for a checkout. */
export class Release {
  readonly name: string;
  readonly #folder: string;

  constructor(name: string) {
    this.name = name;
    this.#folder = join(FOLDER, `packages-${name}`);
  }

  /** The file of the package behind an empty one, such as the kernel behind `linux-image-cloud-amd64`. */
  fileBehind(name: string): string {
    const fields = this.#apt('apt-cache', ['show', '--no-all-versions', name]);
    const real = /^Depends: (\S+)/m.exec(fields.join('\n'))?.[1];
    if (real === undefined) throw new Error(`${this.name} has no ${name}`);
    return this.file(real);
  }

  /** The file of a package. */
  file(name: string): string {
    mkdirSync(this.#folder, { recursive: true });
    const kept = () =>
      readdirSync(this.#folder).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
    if (kept() === undefined) this.#download(name);
    return join(this.#folder, kept() as string);
  }

  /** Whole or not at all. */
  #download(name: string): void {
    const unfinished = mkdtempSync(join(this.#folder, 'unfinished-'));
    try {
      this.#apt('apt-get', ['--quiet', 'download', name], unfinished);
      for (const file of readdirSync(unfinished))
        renameSync(join(unfinished, file), join(this.#folder, file));
    } finally {
      rmSync(unfinished, { recursive: true });
    }
  }

  /** Runs apt with the lists of this release instead of this machine's. */
  #apt(program: string, args: readonly string[], cwd?: string): string[] {
    const sources = join(this.#folder, 'sources.list');
    const settings = {
      'Dir::Etc::SourceList': sources,
      'Dir::Etc::SourceParts': '-',
      'Dir::State::Lists': join(this.#folder, 'lists'),
      'Dir::State::Status': '/dev/null',
      'Dir::Cache': join(this.#folder, 'cache'),
      'APT::Sandbox::User': 'root',
    };
    const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    if (!existsSync(sources)) {
      for (const folder of ['lists/partial', 'cache/archives/partial'])
        mkdirSync(join(this.#folder, folder), { recursive: true });
      const source = `deb [signed-by=${KEYRING}] ${mirrorOf(ownRelease())} ${this.name} main\n`;
      writeFileSync(`${sources}.unfinished`, source);
      const update = [
        ...options,
        '-o',
        `Dir::Etc::SourceList=${sources}.unfinished`,
        '--quiet',
        '--error-on=any',
      ];
      aptSays('apt-get', [...update, 'update']);
      renameSync(`${sources}.unfinished`, sources);
    }
    return aptSays(program, [...options, ...args], cwd);
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

function aptSays(program: string, args: readonly string[], cwd?: string): string[] {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], cwd })
    .split('\n')
    .filter(Boolean);
}
