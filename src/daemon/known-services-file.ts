import { closeSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../files/replace-file.ts';
import { openRegular } from '../files/safe-path.ts';
import { reasonOf } from '../ledger/log-file.ts';
import type { Convert } from '../ledger/wall-time.ts';
import { parseAddress } from '../net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { KnownService } from '../watch/known-services.ts';

const NAME = 'known-services';
const MAX_BYTES = 65_536;

/** Protocol, address or `*`, port, and when it was seen last, ms since the epoch. */
const LINE = /^(tcp|udp) (\S{1,39}) (\d{1,5}) (\d{1,15})$/;

const PROTOCOLS = { tcp: PROTOCOL_TCP, udp: PROTOCOL_UDP } as const;

/** Reads the services that a former run knew, a line each: `tcp * 80 1795354417000`. What is no such line is left out. */
export function readKnownServices(folder: string): KnownService[] {
  let text: string;
  try {
    text = readText(join(folder, NAME)).slice(0, MAX_BYTES);
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [, name, at = '', port, lastSeen] = LINE.exec(line) ?? [];
    const address = at === '*' ? null : parseAddress(at)?.toString();
    if (name === undefined || address === undefined || Number(port) > 65_535) return [];
    return [
      { protocol: PROTOCOLS[name as 'tcp' | 'udp'], address, port: Number(port), lastSeen: Number(lastSeen) },
    ];
  });
}

/**
 * Replaces the file in one step; `toWall` turns times of the daemon's clock into those of the wall clock. Returns why it
 * could not be written, in one line.
 */
export function writeKnownServices(
  folder: string,
  services: readonly KnownService[],
  toWall: Convert = (time) => time,
): string | null {
  const path = join(folder, NAME);
  const lines = services.map(({ protocol, address, port, lastSeen }) => {
    return `${protocol === PROTOCOL_TCP ? 'tcp' : 'udp'} ${address ?? '*'} ${port} ${Math.round(toWall(lastSeen))}\n`;
  });
  try {
    replaceFile(path, lines.join(''));
    return null;
  } catch (error) {
    return `${path}: ${reasonOf(error)}`;
  }
}

function readText(path: string): string {
  const fd = openRegular(path, constants.O_RDONLY);
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
