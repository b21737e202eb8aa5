import { type FileHandle, open } from 'node:fs/promises';
import type { Failure } from './backends/backend.ts';
import type { Block } from './block.ts';
import { expand } from './template.ts';

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

/**
 * Appends the line to hosts.deny unless it stands there already; creates the file if it is missing. Resolves to
 * null, or to why it could not be done; never rejects. Calls within this process take turns.
 */
export function denyInHostsFile(path: string, line: string): Promise<Failure> {
  const ended = turn.then(() => appendOnce(path, line)).catch((error: Error) => error.message);
  turn = ended;
  return ended;
}

let turn: Promise<unknown> = Promise.resolve();

async function appendOnce(path: string, line: string): Promise<Failure> {
  const file = await openOrCreate(path);
  try {
    // A fifo or a device would hold the block up for ever.
    if (!(await file.stat()).isFile()) return `${path} is not a regular file`;
    const text = await file.readFile('utf8');
    if (text.split('\n').some((present) => present.trimEnd() === line)) return null;
    const start = text === '' || text.endsWith('\n') ? '' : '\n';
    return await appendWhole(file, `${start}${line}\n`);
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
