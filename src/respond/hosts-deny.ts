import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import type { Failure } from '../commands/failure.ts';
import type { Block } from '../firewall/block.ts';
import { expand } from '../firewall/template.ts';

/** The file of the TCP wrappers (hosts_access(5)). */
export const HOSTS_DENY = '/etc/hosts.deny';

/** Programs that dropped root must be able to read it, whatever our umask is. */
const HOSTS_DENY_MODE = 0o644;

/**
 * KILL_HOSTS_DENY for this source. An IPv6 address stands in brackets there (hosts_access(5)), for its colons
 * would end the field; 1.x wanted a per cent sign escaped, `\%h` means `%h`.
 */
export function hostsDenyLine(template: string, block: Block): string {
  const bracketed =
    block.family === 6 ? template.replace(/(?<!\[)\$TARGET\$/g, () => '[$TARGET$]') : template;
  const line = expand(bracketed.replaceAll('\\%', '%'), block);
  // The length of a prefix stands behind the bracket there.
  return line.replace(/\[([0-9a-f:.]+)(\/\d+)\]/g, '[$1]$2');
}

/** What came of a line for hosts.deny. */
export interface Denied {
  readonly failure: Failure;
  /** False for a line that stood there before: it is somebody else's, and must outlive the block. */
  readonly added: boolean;
}

/**
 * Appends the line to hosts.deny unless it stands there already; creates the file if it is missing. Never
 * rejects. Calls within this process take turns.
 */
export function denyInHostsFile(path: string, line: string): Promise<Denied> {
  return inTurn(async () => {
    const failed = (error: Error) => ({ failure: error.message, added: false });
    return appendOnce(path, line).catch(failed);
  });
}

/** Takes lines out of hosts.deny again where they stand. Resolves to null, or to why it could not be done. */
export function allowInHostsFile(path: string, lines: readonly string[]): Promise<Failure> {
  return inTurn(async () => removeLines(path, lines).catch((error: Error) => error.message));
}

let turn: Promise<unknown> = Promise.resolve();

function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const ended = turn.then(task);
  turn = ended;
  return ended;
}

async function appendOnce(path: string, line: string): Promise<Denied> {
  const file = await openOrCreate(path);
  try {
    // A fifo or a device would hold the block up for ever.
    if (!(await file.stat()).isFile()) return { failure: `${path} is not a regular file`, added: false };
    const text = await file.readFile('utf8');
    if (text.split('\n').some((present) => present.trimEnd() === line))
      return { failure: null, added: false };
    const start = text === '' || text.endsWith('\n') ? '' : '\n';
    const failure = await appendWhole(file, `${start}${line}\n`);
    return { failure, added: failure === null };
  } finally {
    await file.close();
  }
}

/** Half a line may match half a network (`ALL: 10.`), so what a full disk left of one is taken away again. */
async function appendWhole(file: FileHandle, text: string): Promise<Failure> {
  const { size } = await file.stat();
  try {
    await file.appendFile(text);
    return null;
  } catch (error) {
    await file.truncate(size);
    return (error as Error).message;
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await create(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return await open(path, 'a+');
  }
}

async function create(path: string): Promise<FileHandle> {
  const file = await open(path, 'ax+', HOSTS_DENY_MODE);
  await file.chmod(HOSTS_DENY_MODE);
  return file;
}

/** By a new file that takes the old one's name, so that a power cut leaves one of the two and never half of one. */
async function removeLines(path: string, lines: readonly string[]): Promise<Failure> {
  const target = await realPathOf(path);
  if (target === null) return null;
  const text = await readText(target);
  const kept = withoutLast(text.split('\n'), lines).join('\n');
  if (kept !== text) await replaceFile(target, kept);
  return null;
}

/** What is left when the last of each of these lines is gone: ours was appended. */
function withoutLast(present: readonly string[], lines: readonly string[]): string[] {
  const unwanted = new Set(lines);
  return present
    .toReversed()
    .filter((line) => !unwanted.delete(line.trimEnd()))
    .reverse();
}

/** null when there is no such file. */
async function realPathOf(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  // For reading alone a fifo would hold us up for ever.
  const file = await open(path, 'r+');
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${path} is not a regular file`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const old = await open(path, 'r');
  const { mode, uid, gid } = await old.stat().finally(() => old.close());
  const temporary = `${path}.portsentry`;
  const file = await open(temporary, 'w', HOSTS_DENY_MODE);
  try {
    await file.chown(uid, gid);
    await file.chmod(mode & 0o7777);
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}
