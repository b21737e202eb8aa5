import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import type { Failure } from '../commands/failure.ts';
import type { Block } from '../firewall/block.ts';
import { expand } from '../firewall/template.ts';

/** The file of the TCP wrappers (hosts_access(5)). */
export const HOSTS_DENY = '/etc/hosts.deny';

/** Programs that dropped root must be able to read it, whatever our umask is. */
const HOSTS_DENY_MODE = 0o644;

/**
 * KILL_HOSTS_DENY for this source. An IPv6 address needs brackets, because its colons would end the field
 * (hosts_access(5)). 1.x requires that a percent sign is escaped: `\%h` means `%h`.
 */
export function hostsDenyLine(template: string, block: Block): string {
  const bracketed =
    block.family === 6 ? template.replace(/(?<!\[)\$TARGET\$/g, () => '[$TARGET$]') : template;
  const line = expand(bracketed.replaceAll('\\%', '%'), block);
  // The length of a prefix follows the bracket.
  return line.replace(/\[([0-9a-f:.]+)(\/\d+)\]/g, '[$1]$2');
}

/** The result of adding a line to hosts.deny. */
export interface Denied {
  readonly failure: Failure;
  /** False when the line was there before. It is not ours then, and must outlive the block. */
  readonly added: boolean;
}

/**
 * Appends the line to hosts.deny unless it is there already. Creates the file if it is missing. Never rejects. Calls
 * within this process take turns.
 */
export function denyInHostsFile(path: string, line: string): Promise<Denied> {
  return inTurn(async () => {
    const failed = (error: Error) => ({ failure: error.message, added: false });
    return appendOnce(path, line).catch(failed);
  });
}

/** Removes lines that are in hosts.deny. Resolves to null, or to why it failed. */
export function allowInHostsFile(path: string, lines: readonly string[]): Promise<Failure> {
  return inTurn(async () => removeLines(path, lines).catch((error: Error) => error.message));
}

/** The lines that are in hosts.deny; none when there is no such file. Rejects when it cannot be read. */
export function linesOf(path: string): Promise<ReadonlySet<string>> {
  return inTurn(async () => {
    const target = await realPathOf(path);
    const text = target === null ? '' : await readText(target);
    return new Set(text.split('\n').map((line) => line.trimEnd()));
  });
}

let turn: Promise<unknown> = Promise.resolve();

function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const ended = turn.then(task);
  turn = ended.catch(() => {});
  return ended;
}

async function appendOnce(path: string, line: string): Promise<Denied> {
  const file = await openOrCreate(path);
  try {
    // A FIFO or a device could delay the block for ever.
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

/** Removes what a full disk leaves of a line, because half a line may match a whole network (`ALL: 10.`). */
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

/** Renames a new file over the old one, so that a power cut leaves either of them whole. */
async function removeLines(path: string, lines: readonly string[]): Promise<Failure> {
  const target = await realPathOf(path);
  if (target === null) return null;
  const text = await readText(target);
  const kept = withoutLast(text.split('\n'), lines).join('\n');
  if (kept !== text) await replaceFile(target, kept);
  return null;
}

/** The lines without the last copy of each of `lines`, because ours was appended. */
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
  // Opening a FIFO only for reading would block for ever.
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
