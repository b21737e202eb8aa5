import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { completionScript } from '../../cli/completion-script.ts';
import type { InitSystem } from '../../cli/invocation.ts';

/** A file that setup installs. */
export interface SetupFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
  /** A configuration is the administrator's: it is never overwritten, and a changed one is not removed. */
  readonly configuration: boolean;
}

/** Where the files go, and for what. */
export interface Target {
  readonly prefix: string;
  readonly inits: readonly InitSystem[];
  readonly fail2ban: boolean;
  /** The program in the units and scripts. */
  readonly program: string;
  /** The text of the file at `program` when setup writes it too. */
  readonly wrapper: string | null;
}

/** The configuration of the program; its folder goes when it is empty. */
export const CONFIGURATION_FOLDER = '/etc/portsentry';
/** STATE_DIR. */
export const STATE_FOLDER = '/var/lib/portsentry';

/** The highest folder that `sourceFolder` looks at is this far above the program. */
const MAX_UP = 3;

/** The folder with the files that setup installs: that of the program or one above it; null if it came without them. */
export function sourceFolder(program: string): string | null {
  let folder = dirname(program);
  for (let up = 0; up <= MAX_UP; up++, folder = dirname(folder))
    if (existsSync(join(folder, 'packaging/etc/portsentry.conf'))) return folder;
  return null;
}

/** The folder of what belongs to the program and to nobody else. */
export function libraryOf(prefix: string): string {
  return `${prefix}/lib/portsentry`;
}

/** The folder of the documents. */
export function documentsOf(prefix: string): string {
  return `${prefix}/share/doc/portsentry`;
}

/** All files, in the order in which they are installed: what starts the program comes last. */
export function setupFiles(source: string, target: Target): SetupFile[] {
  const { prefix } = target;
  const read = (path: string) => placed(readFileSync(join(source, path), 'utf8'), target);
  const files: SetupFile[] = [];
  const add = (path: string, text: string, mode = 0o644) =>
    files.push({ path, mode, text, configuration: false });
  const addConfiguration = (path: string, from: string) =>
    files.push({ path, mode: 0o644, text: read(from), configuration: true });

  for (const page of ['portsentry.8', 'portsentry.conf.5'])
    add(`${prefix}/share/man/man${page.at(-1)}/${page}`, read(`packaging/man/${page}`));
  for (const document of documents(source)) add(`${documentsOf(prefix)}/${document}`, read(document));
  for (const example of examples(source))
    add(`${documentsOf(prefix)}/${example}`, read(`packaging/${example}`));
  add(`${prefix}/share/bash-completion/completions/portsentry`, completionScript('bash', undefined));
  add(`${prefix}/share/zsh/site-functions/_portsentry`, completionScript('zsh', undefined));
  add(`${prefix}/share/fish/vendor_completions.d/portsentry.fish`, completionScript('fish', undefined));

  for (const name of ['portsentry.conf', 'portsentry.ignore'])
    addConfiguration(`${CONFIGURATION_FOLDER}/${name}`, `packaging/etc/${name}`);
  addConfiguration('/etc/logrotate.d/portsentry', 'packaging/etc/portsentry.logrotate');
  if (target.fail2ban)
    for (const kind of ['filter.d', 'jail.d'])
      addConfiguration(
        `/etc/fail2ban/${kind}/portsentry-history.conf`,
        `packaging/fail2ban/${kind}-portsentry-history.conf`,
      );
  if (target.inits.includes('openrc'))
    addConfiguration('/etc/conf.d/portsentry', 'packaging/openrc/portsentry.confd');
  if (target.inits.includes('sysv') || target.inits.includes('systemd'))
    addConfiguration('/etc/default/portsentry', 'packaging/sysv/portsentry.default');

  if (target.wrapper !== null) add(target.program, target.wrapper, 0o755);
  for (const init of target.inits)
    for (const [path, from, mode] of services(init, prefix)) add(path, read(from), mode);
  return files;
}

/** Destination, source and mode of what an init system needs. */
function services(init: InitSystem, prefix: string): [string, string, number][] {
  const script = '/etc/init.d/portsentry';
  switch (init) {
    case 'openrc':
      return [[script, 'packaging/openrc/portsentry.initd', 0o755]];
    case 'sysv':
      return [[script, 'packaging/sysv/portsentry.init', 0o755]];
    case 'systemd':
      return [
        [`${libraryOf(prefix)}/with-notify`, 'packaging/systemd/with-notify', 0o755],
        [`${unitRoot(prefix)}/tmpfiles.d/portsentry.conf`, 'packaging/systemd/portsentry.tmpfiles', 0o644],
        [
          `${unitRoot(prefix)}/systemd/system/portsentry.service`,
          'packaging/systemd/portsentry.service',
          0o644,
        ],
      ];
  }
}

/** systemd reads units in these prefixes only; elsewhere the unit is one of the administrator's (systemd.unit(5)). */
function unitRoot(prefix: string): string {
  return prefix === '/usr' || prefix === '/usr/local' ? `${prefix}/lib` : '/etc';
}

/** The documents that are there. */
function documents(source: string): string[] {
  const pages = (folder: string) =>
    existsSync(join(source, folder))
      ? readdirSync(join(source, folder))
          .filter((name) => name.endsWith('.md'))
          .sort()
          .map((name) => join(folder, name))
      : [];
  const single = ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE'];
  return [
    ...single.filter((name) => existsSync(join(source, name))),
    ...pages('docs'),
    ...pages('native-notes'),
  ];
}

/** The examples, as paths below `packaging`. */
function examples(source: string): string[] {
  const folder = join(source, 'packaging');
  return readdirSync(join(folder, 'examples'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('examples', name))
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

/** The text with the paths of this installation. */
function placed(text: string, { prefix, program }: Target): string {
  return text.replace(/\/usr\/(sbin|lib)\/portsentry/g, (_, folder) =>
    folder === 'sbin' ? program : libraryOf(prefix),
  );
}
