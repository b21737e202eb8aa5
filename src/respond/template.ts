import { parseAddress } from '../net/address.ts';
import type { Knock } from '../track/event.ts';

const TOKEN = /\$(TARGET|PORT|MODE|PROTO|KIND)\$/g;
const WORD = /^[a-z]+$/;
const MAX_PORT = 65535;

/**
 * Replaces $TARGET$ $PORT$ $MODE$ $PROTO$ $KIND$ wherever they stand, in one pass. What comes in is a canonical
 * address, a port number or a word of our own, so the result is as harmless in a shell as the template was;
 * throws when the knock's fields are anything else, for that is a fault of ours.
 */
export function expand(template: string, knock: Knock): string {
  return template.replace(TOKEN, (_token, name: string) => replacement(name, knock));
}

function replacement(name: string, knock: Knock): string {
  switch (name) {
    case 'TARGET':
      return canonicalAddress(knock.source);
    case 'PORT':
      return portNumber(knock.destinationPort);
    case 'MODE':
      return ownWord(knock.mode);
    case 'PROTO':
      return ownWord(knock.transport);
    default:
      return ownWord(knock.kind);
  }
}

function canonicalAddress(text: string): string {
  if (parseAddress(text)?.toString() !== text)
    throw new TypeError(`no canonical address: ${JSON.stringify(text)}`);
  return text;
}

function portNumber(port: number): string {
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) throw new TypeError(`no port: ${port}`);
  return `${port}`;
}

function ownWord(word: string): string {
  if (!WORD.test(word)) throw new TypeError(`no word of ours: ${JSON.stringify(word)}`);
  return word;
}
