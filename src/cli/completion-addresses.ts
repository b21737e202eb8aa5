import { parsePrefix } from '../net/prefix.ts';
import { askFor, findSocket } from './ask.ts';

/** Somebody waits for the shell. */
const ASK_TIMEOUT_MS = 500;

/** The commands that take an address, and whether one that is not blocked counts. */
const TAKES_ADDRESS: Readonly<Record<string, { readonly known: boolean }>> = {
  unblock: { known: false },
  why: { known: true },
};

/** Whether the last of these words, the first of which is the command, is an address. */
export function isAddressExpected(words: readonly string[]): boolean {
  const [command = '', ...rest] = words;
  return Object.hasOwn(TAKES_ADDRESS, command) && !(rest.at(-1) ?? '').startsWith('-');
}

/**
 * The addresses of the running daemon that begin with the last word; none if there is no daemon, or it may not be asked, or
 * does not answer at once. Another program may answer on the socket: nothing but addresses and prefixes gets into the shell.
 */
export async function addressesFor(words: readonly string[]): Promise<string[]> {
  const [command = '', ...rest] = words;
  const known = TAKES_ADDRESS[command]?.known ?? false;
  const option = rest.findIndex((word) => word === '-c' || word === '--configfile');
  const configfile = option < 0 ? undefined : rest[option + 1];
  try {
    const socket = findSocket(configfile, { stderr: () => {} });
    const request = { command: 'addresses', begin: rest.at(-1) ?? '', known } as const;
    const answer = await askFor<unknown>(socket, request, 'addresses', ASK_TIMEOUT_MS);
    return Array.isArray(answer) ? answer.filter(isTarget) : [];
  } catch {
    return [];
  }
}

function isTarget(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f.:/]{2,49}$/.test(value) && parsePrefix(value) !== null;
}
