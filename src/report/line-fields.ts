/** The values of a line of an event file, which others may have written: whatever is not as it must be is null. */

import { isIP } from 'node:net';
import { PORT_COUNT } from '../config/ports.ts';
import type { FiledTransport } from './filed-event.ts';

export type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = {};

/** Whether the value has fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** The fields of a value; none if it has none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : NOTHING;
}

/** A text that is not empty. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The texts of an array. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** A whole number from 0 on. */
export function countOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}

/** The number of a port, of a message type or of a protocol; numbers of protocols are text in ECS. */
export function portOf(value: unknown): number | null {
  const port = typeof value === 'string' && value !== '' ? Number(value) : value;
  return Number.isInteger(port) && (port as number) >= 0 && (port as number) < PORT_COUNT
    ? (port as number)
    : null;
}

/** The end of the year 9999. A time beyond it has no usual text, and a picture no place for it. */
const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/** A time in ms since the epoch. */
export function timeOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const time = Date.parse(value);
  return time >= 0 && time <= LAST_TIME ? time : null;
}

/** An address or a prefix. The last one is kept, because many events of one source follow each other. */
export function targetOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (value === lastTarget) return lastTarget;
  const slash = value.indexOf('/');
  if (isIP(slash < 0 ? value : value.slice(0, slash)) === 0) return null;
  if (slash >= 0 && !/^\d{1,3}$/.test(value.slice(slash + 1))) return null;
  lastTarget = value;
  return value;
}

let lastTarget = '';

/** The addresses and prefixes of an array. */
export function targetsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((item) => targetOf(item) ?? []) : [];
}

const TRANSPORTS: readonly unknown[] = ['tcp', 'udp', 'sctp', 'icmp', 'arp', 'ip'] satisfies FiledTransport[];

/** A transport by the name that it has in our own fields. */
export function transportOf(value: unknown): FiledTransport | null {
  return TRANSPORTS.includes(value) ? (value as FiledTransport) : null;
}
