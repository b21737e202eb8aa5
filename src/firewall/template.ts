import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import type { Block } from './block.ts';

const TOKEN = /\$(TARGET|PORT|MODE|PROTO|KIND)\$/g;
const WORD = /^[a-z]+(-[a-z]+)*$/;
const MAX_PORT = 65535;

/**
 * Replaces every $TARGET$, $PORT$, $MODE$, $PROTO$ and $KIND$, in one pass. Each becomes a canonical address or
 * prefix, a port number or a word of ours, so the result is as safe in a shell as the template. Throws a TypeError
 * when a field of the block is anything else, because that is a bug.
 */
export function expand(template: string, block: Block): string {
  return template.replace(TOKEN, (_token, name: string) => replacement(name, block));
}

function replacement(name: string, { target, cause }: Block): string {
  switch (name) {
    case 'TARGET':
      return canonicalTarget(target);
    case 'PORT':
      return portNumber(cause.destinationPort);
    case 'MODE':
      return ownWord(cause.mode);
    case 'PROTO':
      return ownWord(cause.transport);
    default:
      return ownWord(cause.kind);
  }
}

function canonicalTarget(text: string): string {
  const prefix = parsePrefix(text);
  if (prefix === null || formatPrefix(prefix) !== text)
    throw new TypeError(`no canonical address or prefix: ${JSON.stringify(text)}`);
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
