import { readRegular } from '../files/read-regular.ts';
import { CommandError, Exit } from '../preflight/exit.ts';

/** The most bytes of a list: a million entries of the longest kind are 44 MB, and no list has that many. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;

/** What stands for standard input in the place of a file. */
export const STDIN = '-';

/** Reads a file of text, or standard input for `-`. Throws a CommandError: 66 when it cannot be read, 65 when it is too long. */
export async function readInput(path: string, input: AsyncIterable<Buffer | string>): Promise<string> {
  return path === STDIN ? readStream(input) : readFile(path);
}

/** How messages name the input. */
export function inputName(path: string): string {
  return path === STDIN ? 'standard input' : path;
}

function readFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readRegular(path, MAX_INPUT_BYTES + 1);
  } catch (error) {
    throw new CommandError(Exit.noInput, `${path} cannot be read: ${(error as Error).message}`);
  }
  if (bytes.length > MAX_INPUT_BYTES) throw tooLong(path);
  return bytes.toString();
}

async function readStream(input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_INPUT_BYTES) throw tooLong(STDIN);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

function tooLong(path: string): CommandError {
  return new CommandError(Exit.dataError, `${inputName(path)} is longer than ${MAX_INPUT_BYTES >>> 20} MiB`);
}
