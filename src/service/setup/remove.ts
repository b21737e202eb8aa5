import { dirname } from 'node:path';
import { CommandError, Exit } from '../../preflight/exit.ts';
import { SENSOR_USER } from '../../sensor/account.ts';
import { removeAccount } from './account.ts';
import { CONFIGURATION_FOLDER, documentsOf, libraryOf, type SetupFile, STATE_FOLDER } from './files.ts';
import type { Work } from './install.ts';
import { readRecord, recordOf } from './record.ts';
import { attempt } from './report.ts';

/** The folder of the control socket. */
const RUN_FOLDER = '/run/portsentry';

/** The files that a running daemon writes outside the state folder, by default or in older versions. */
const WRITTEN: readonly (readonly [folder: string, name: RegExp])[] = [
  [STATE_FOLDER, /./],
  [CONFIGURATION_FOLDER, /^portsentry\.(history|blocked\.)/],
  ['/var/log', /^portsentry.*\.(log|json)(\.|$)/],
];

/**
 * Removes what `install` made. A configuration that was changed stays, and so does what the daemon wrote; `purge` removes
 * both. Throws a CommandError at the first step that fails.
 */
export function remove(work: Work, purge: boolean): void {
  const { tree, prefix, files, staging, report } = work;
  const record = recordOf(prefix);
  const made = attempt(record, () => readRecord(tree, prefix));
  for (const file of [...files].reverse()) take(work, file, purge);
  if (purge) for (const [folder, name] of WRITTEN) takeWritten(work, folder, name);
  if (attempt(record, () => tree.look(record)).kind !== 'absent')
    report.step('removed', record, () => tree.remove(record));
  if (made.accounts.has(SENSOR_USER)) takeAccount(work);
  const own = [
    `${documentsOf(prefix)}/docs`,
    `${documentsOf(prefix)}/native-notes`,
    documentsOf(prefix),
    libraryOf(prefix),
    CONFIGURATION_FOLDER,
    STATE_FOLDER,
    RUN_FOLDER,
  ];
  const above = staging ? [...files.map(({ path }) => path), STATE_FOLDER].flatMap(foldersAbove) : [];
  const folders = [...new Set([...own, ...above, ...made.folders])];
  for (const folder of folders.sort((a, b) => depth(b) - depth(a))) takeFolder(work, folder);
}

function take({ tree, report }: Work, { path, text, configuration }: SetupFile, purge: boolean): void {
  const entry = attempt(path, () => tree.look(path));
  if (entry.kind === 'absent') return;
  if (entry.kind !== 'file') report.note('kept', path, 'it is no file');
  else if (configuration && !purge && entry.text !== text)
    report.note('kept', path, 'it was changed; --purge removes it');
  else report.step('removed', path, () => tree.remove(path));
}

function takeWritten({ tree, report }: Work, folder: string, name: RegExp): void {
  for (const found of attempt(folder, () => tree.names(folder)).filter((each) => name.test(each))) {
    const path = `${folder}/${found}`;
    if (attempt(path, () => tree.look(path)).kind === 'folder') report.note('kept', path, 'it is no file');
    else report.step('removed', path, () => tree.remove(path));
  }
}

function takeAccount({ root, report }: Work): void {
  report.step('removed', `account ${SENSOR_USER}`, () => {
    const failure = removeAccount(root);
    if (failure !== null) throw new CommandError(Exit.ioError, `account ${SENSOR_USER} stays: ${failure}`);
  });
}

/** A folder that holds something stays; of the state the report says so. */
function takeFolder({ tree, report }: Work, folder: string): void {
  if (report.dryRun || attempt(folder, () => tree.look(folder)).kind !== 'folder') return;
  if (attempt(folder, () => tree.removeFolder(folder))) report.note('removed', folder);
  else if (folder === STATE_FOLDER) report.note('kept', folder, 'the daemon wrote there; --purge removes it');
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === '/' ? [] : [folder, ...foldersAbove(folder)];
}

function depth(path: string): number {
  return path.split('/').length;
}
