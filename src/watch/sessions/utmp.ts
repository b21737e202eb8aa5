import { arch, endianness } from 'node:os';
import { Address, parseAddress } from '../../net/address.ts';
import { readSmall } from '../proc-net.ts';

/** Room for 5,000 sessions. */
const MAX_BYTES = 2 * 1024 * 1024;

/** ut_type of a session (utmp(5)). */
const USER_PROCESS = 7;

/** Offsets in struct utmp (utmp(5)). Its last fields have 64 bits on newer architectures. */
const OFFSET_PID = 4;
const OFFSET_USER = 44;
const USER_BYTES = 32;
const OFFSET_HOST = 76;
const HOST_BYTES = 256;
const HAS_WIDE_TIMES = ['arm64', 'riscv64', 'loong64'].includes(arch());
const OFFSET_ADDRESS = HAS_WIDE_TIMES ? 360 : 348;
const RECORD_BYTES = HAS_WIDE_TIMES ? 400 : 384;

/** A session that login(1), sshd, telnetd or mosh-server has recorded. */
export interface UtmpSession {
  readonly pid: number;
  /** The account that logged in. */
  readonly user: string;
  readonly address: Address;
}

/**
 * The sessions from other hosts in /run/utmp, which only programs of the group utmp write. mosh-server keeps the
 * address of its client there while that roams, as `ADDRESS via mosh [PID]`; each of its packets is authenticated.
 * libutempter's helper lets any process write a record of any host, but only for its own account: see that one can log
 * in to it.
 */
export function readUtmp(file: string): UtmpSession[] {
  const bytes = Buffer.from(readSmall(file, MAX_BYTES), 'latin1');
  const sessions: UtmpSession[] = [];
  for (let offset = 0; offset + RECORD_BYTES <= bytes.length; offset += RECORD_BYTES) {
    const record = bytes.subarray(offset, offset + RECORD_BYTES);
    if (int16(record, 0) !== USER_PROCESS) continue;
    const address = addressOf(record);
    const user = textOf(record, OFFSET_USER, USER_BYTES);
    if (address !== null) sessions.push({ pid: int32(record, OFFSET_PID), user, address });
  }
  return sessions;
}

/** The name of the host may be a name, and then the binary address is there. mosh-server writes the name alone. */
function addressOf(record: Buffer): Address | null {
  const [host = ''] = textOf(record, OFFSET_HOST, HOST_BYTES).split(' ', 1);
  const named = parseAddress(host.replace(/%.*$/, ''));
  if (named !== null) return named;
  const words = [0, 4, 8, 12].map((at) => record.readUInt32BE(OFFSET_ADDRESS + at));
  if (words.every((word) => word === 0)) return null;
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  return w1 === 0 && w2 === 0 && w3 === 0 ? Address.v4(w0) : new Address(w0, w1, w2, w3);
}

function textOf(record: Buffer, offset: number, bytes: number): string {
  return record.toString('latin1', offset, offset + bytes).split('\0', 1)[0] as string;
}

function int32(record: Buffer, at: number): number {
  return endianness() === 'LE' ? record.readInt32LE(at) : record.readInt32BE(at);
}

function int16(record: Buffer, at: number): number {
  return endianness() === 'LE' ? record.readInt16LE(at) : record.readInt16BE(at);
}
