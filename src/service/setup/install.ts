import { SENSOR_USER } from '../../sensor/account.ts';
import { addAccount, hasAccount } from './account.ts';
import { type SetupFile, STATE_FOLDER } from './files.ts';
import { type Made, readRecord, recordOf, recordText } from './record.ts';
import { attempt, type Report } from './report.ts';
import type { Tree } from './tree.ts';

/** Mode of STATE_DIR: the ledger names who was blocked. */
const STATE_MODE = 0o700;

/** What an installation and its removal work on. */
export interface Work {
  readonly tree: Tree;
  readonly root: string;
  readonly prefix: string;
  readonly files: readonly SetupFile[];
  /** The root becomes a package: no account, and no record of what was made. */
  readonly staging: boolean;
  readonly report: Report;
}

/** Installs the files, the state folder and the account. Throws a CommandError at the first step that fails. */
export function install(work: Work): void {
  const { tree, prefix, files, staging, report } = work;
  const made = attempt(recordOf(prefix), () => readRecord(tree, prefix));
  try {
    for (const file of files) put(work, file, made);
    makeState(work, made);
    if (!staging) makeAccount(work, made);
  } finally {
    if (!staging && !report.dryRun) writeRecord(work, made);
  }
}

function put({ tree, report }: Work, { path, mode, text, configuration }: SetupFile, made: Made): void {
  const entry = attempt(path, () => tree.look(path));
  const isSame = entry.kind === 'file' && entry.text === text;
  const write = () => {
    noteFolders(tree, path, made);
    tree.write(path, text, mode);
  };
  if (entry.kind === 'absent') report.step('installed', path, write);
  else if (isSame) report.note('unchanged', path);
  else if (configuration) report.note('kept', path, 'a configuration that is there is never overwritten');
  else report.step('updated', path, write);
}

function makeState({ tree, report }: Work, made: Made): void {
  if (attempt(STATE_FOLDER, () => tree.look(STATE_FOLDER)).kind !== 'absent') {
    report.note('kept', STATE_FOLDER);
    return;
  }
  report.step('installed', STATE_FOLDER, () => {
    noteFolders(tree, STATE_FOLDER, made);
    tree.makeFolder(STATE_FOLDER, STATE_MODE);
  });
}

function noteFolders(tree: Tree, path: string, made: Made): void {
  for (const folder of tree.missingFolders(path)) made.folders.add(folder);
}

/** A host without the account is no failure: the process that reads packets then runs as nobody. */
function makeAccount({ tree, root, report }: Work, made: Made): void {
  const what = `account ${SENSOR_USER}`;
  const has = attempt(what, () => hasAccount(tree, root));
  if (has !== false) {
    report.note(has ? 'unchanged' : 'skipped', what, has ? undefined : `no /etc/passwd in ${root}`);
    return;
  }
  const failure = report.dryRun ? null : addAccount(root);
  if (failure === null) {
    made.accounts.add(SENSOR_USER);
    report.note('installed', what);
  } else report.note('skipped', what, `${failure}; packets are read as nobody until there is one`);
}

function writeRecord({ tree, prefix }: Work, made: Made): void {
  const path = recordOf(prefix);
  attempt(path, () => {
    noteFolders(tree, path, made);
    const text = recordText(made);
    const entry = tree.look(path);
    if (text !== null && !(entry.kind === 'file' && entry.text === text)) tree.write(path, text, 0o644);
  });
}
