import { readdirSync } from 'node:fs';
import { type Address, parseAddress } from '../../net/address.ts';
import { readSmall } from '../proc-net.ts';

/** Sessions that are read; a host with more has users' sessions, not administrators'. */
const MAX_SESSIONS = 1_024;

/** A session that pam_systemd has registered. */
export interface LogindSession {
  /** The first process of the session. */
  readonly pid: number;
  readonly address: Address;
}

/**
 * The sessions from other hosts that systemd-logind knows, from its files in /run/systemd/sessions, which only it
 * writes. pam_systemd makes one when a login has succeeded, with the address that sshd or login(1) gives PAM (PAM_RHOST).
 */
export function readLogind(folder: string): LogindSession[] {
  let names: string[];
  try {
    // `ID.ref` beside a session is a FIFO.
    names = readdirSync(folder).filter((name) => !name.includes('.'));
  } catch {
    return [];
  }
  return names.slice(0, MAX_SESSIONS).flatMap((name) => {
    const text = readSmall(`${folder}/${name}`);
    const field = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
    if (field('REMOTE') !== '1' || field('STATE') === 'closing') return [];
    const address = parseAddress(unescaped(field('REMOTE_HOST')).replace(/%.*$/, ''));
    return address === null ? [] : [{ pid: Number(field('LEADER')), address }];
  });
}

/** The files escape as shells do: `\x3a` or quotes. */
function unescaped(value: string): string {
  return value
    .replace(/^"(.*)"$/, '$1')
    .replace(/\\x([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
