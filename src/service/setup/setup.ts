import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { InitSystem, SetupOptions } from '../../cli/invocation.ts';
import type { CommandOutput } from '../../cli/output.ts';
import { programPath } from '../../files/program.ts';
import { CommandError, Exit } from '../../preflight/exit.ts';
import { setupFiles, sourceFolder } from './files.ts';
import { findInit, placeTrouble } from './host.ts';
import { install, type Work } from './install.ts';
import { chooseProgram, goodPath, PATH_EXPECTED } from './program.ts';
import { remove } from './remove.ts';
import { Report } from './report.ts';
import { runTool } from './run-tool.ts';
import { enable, startLines, stop } from './service.ts';
import { Tree } from './tree.ts';

/**
 * `portsentry setup`: installs what npm does not, or removes it. Throws a CommandError: 64 for a wrong path, 69 when it
 * refuses, 74 when a step fails, 77 without the permission.
 */
export async function runSetup(options: SetupOptions, output: CommandOutput): Promise<Exit> {
  const main = realpathSync(programPath('main'));
  const root = existingFolder(options.root);
  const isThisHost = root === '/';
  if (isThisHost && !options.dryRun && process.geteuid?.() !== 0)
    throw new CommandError(Exit.noPermission, 'setup must run as root: sudo portsentry setup');
  if (isThisHost) refusePackage();

  let printed = Promise.resolve();
  const report = new Report((line) => {
    printed = output.stdout(line);
  }, options.dryRun);
  const inits = chooseInits(options, root);
  const work = plan(options, main, root, inits, report);
  if (options.dryRun) report.say('Nothing is changed. What setup would do:');
  // Others must be able to read what is installed, whatever the umask of root is.
  process.umask(0o022);
  try {
    if (options.remove) {
      if (isThisHost) stop(inits, work, main);
      remove(work, options.purge);
    } else {
      install(work);
      if (inits.length === 0) report.say('No service was installed: choose one with --init.');
      else if (options.enable) enable(inits, report);
      else if (isThisHost) for (const line of startLines(inits)) report.say(line);
    }
  } finally {
    await printed;
  }
  return Exit.ok;
}

/** What there is to do. Refuses before anything is done. */
function plan(
  options: SetupOptions,
  main: string,
  root: string,
  inits: readonly InitSystem[],
  report: Report,
): Work {
  const { staging } = options;
  const prefix = resolve('/', options.prefix).replace(/^\/$/, '');
  for (const [name, path] of [
    ['prefix', options.prefix],
    ['program', options.program],
  ] as const)
    if (path !== undefined && !goodPath(path))
      throw new CommandError(
        Exit.usage,
        `--${name}: expected ${PATH_EXPECTED}, found ${JSON.stringify(path)}`,
      );
  const source = sourceFolder(main);
  if (source === null)
    throw new CommandError(
      Exit.unavailable,
      `nothing to set up: ${main} came with a package that has the other files`,
    );
  const { runs, ...program } = chooseProgram(options.program, main, prefix);
  const trouble =
    root === '/' && !options.remove && inits.length > 0
      ? placeTrouble([...runs, prefix || '/'], inits)
      : null;
  if (trouble !== null)
    throw new CommandError(
      Exit.unavailable,
      `no service can be set up: ${trouble}; install it where only root writes, or take --init none`,
    );
  const fail2ban = staging || existsSync(join(root, 'etc/fail2ban'));
  const files = setupFiles(source, { prefix, inits, fail2ban, ...program });
  return { tree: new Tree(root), root, prefix, files, staging, report };
}

function chooseInits({ init }: SetupOptions, root: string): InitSystem[] {
  if (init !== undefined) return init.filter((name) => name !== 'none');
  const found = findInit(root);
  return found === null ? [] : [found];
}

function existingFolder(path: string): string {
  const folder = resolve(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandError(Exit.noInput, `--root: ${folder} is no folder`);
  return folder;
}

/** dpkg would take our files for changes of its own, and a removal would take away its files. */
function refusePackage(): void {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a format of dpkg-query
  const isInstalled = ['dpkg-query', '--show', '--showformat=${db:Status-Status}', 'portsentry'];
  const result = runTool(isInstalled);
  if ('stdout' in result && result.stdout === 'installed')
    throw new CommandError(
      Exit.unavailable,
      'the Debian package portsentry is installed and has set itself up; for this one, remove it first: apt-get remove portsentry',
    );
}
