import { createHmac, timingSafeEqual } from 'node:crypto';
import { isCount, isTarget, isTime } from '../../ledger/fields.ts';
import { EVIDENCE, type Evidence } from '../../track/evidence.ts';
import type { Report } from '../report.ts';

/** The version of the messages that this program writes and reads. */
const VERSION = 1;

/** A message has some 250 octets. */
export const MAX_MESSAGE_LENGTH = 1_024;

/** Octets of an HMAC-SHA256 in base64url. */
export const SIGNATURE_LENGTH = 43;

/** Characters of the name of a host. */
const MAX_HOST_LENGTH = 64;

/** A host has blocked a target. */
export interface BlockMessage {
  readonly op: 'block';
  readonly host: string;
  readonly target: string;
  /** Beginning and end of the block, ms since the epoch. */
  readonly since: number;
  readonly until: number;
  readonly evidence: Evidence;
  /** Different ports that the source tried. */
  readonly ports: number;
}

/** Somebody has unblocked a target: what hosts have said of it until `at` (ms since the epoch) holds no longer. */
export interface UnblockMessage {
  readonly op: 'unblock';
  readonly host: string;
  readonly target: string;
  readonly at: number;
}

export type Message = BlockMessage | UnblockMessage;

/** A message as it stands in the stream: JSON and its signature. */
export interface Signed {
  readonly text: string;
  readonly signature: string;
}

/** What a stream has in the place of a message. */
export interface Unchecked {
  readonly text: string | null;
  readonly signature: string | null;
}

/** The message that tells of a report of this host. */
export function blockMessage(report: Report, host: string): object {
  return { v: VERSION, op: 'block', host: shortHost(host), ...report };
}

/** The message that takes back what was said of a target. */
export function unblockMessage(target: string, at: number, host: string): object {
  return { v: VERSION, op: 'unblock', host: shortHost(host), target, at };
}

/**
 * The id of the decision that a host's report on a target makes. A report that comes twice makes it once, because it is
 * made of what the report says and not of its place in the stream.
 */
export function decisionId(host: string, target: string, since: number): string {
  return `${shortHost(host)} ${target} ${since}`;
}

/** Signs messages of one stream, and checks signatures. */
export class Signer {
  readonly #key: string;
  readonly #stream: string;

  /** `key` is the secret that all hosts share. A message of one stream is none of another. */
  constructor(key: string, stream: string) {
    this.#key = key;
    this.#stream = stream;
  }

  sign(message: object): Signed {
    const text = JSON.stringify(message);
    return { text, signature: this.#signatureOf(text).toString('base64url') };
  }

  /** Whether a host with the same key has signed this; null stands for what is missing. */
  isGenuine(given: Unchecked): given is Signed {
    const { text, signature } = given;
    if (text === null || signature?.length !== SIGNATURE_LENGTH) return false;
    const octets = Buffer.from(signature, 'base64url');
    const right = this.#signatureOf(text);
    return octets.length === right.length && timingSafeEqual(octets, right);
  }

  #signatureOf(text: string): Buffer {
    return createHmac('sha256', this.#key).update(`portsentry ${this.#stream}\n${text}`).digest();
  }
}

/** The message in a text that is signed, or why it is none, in a few words. Fields that are not known are left out. */
export function messageIn(text: string): Message | string {
  let raw: Readonly<Record<string, unknown>> | null;
  try {
    raw = JSON.parse(text);
  } catch {
    return NO_MESSAGE;
  }
  if (typeof raw !== 'object' || raw === null) return NO_MESSAGE;
  const { v, op, host, target, since, until, at, evidence, ports } = raw;
  if (v !== VERSION) return isCount(v) ? `version ${v} of messages is not known here` : NO_MESSAGE;
  if (!isHost(host) || !isTarget(target)) return NO_MESSAGE;
  if (op === 'unblock') return isTime(at) ? { op, host, target, at } : NO_MESSAGE;
  if (op !== 'block' || !isTime(since) || !isTime(until) || !isCount(ports)) return NO_MESSAGE;
  const word = EVIDENCE.find((each) => each === evidence);
  return word === undefined ? NO_MESSAGE : { op, host, target, since, until, evidence: word, ports };
}

const NO_MESSAGE = 'it is no message of portsentry';

/** What a host name has: no blanks, so that an id has three parts. */
const HOST = /^[\x21-\x7e]{1,64}$/;

function isHost(value: unknown): value is string {
  return typeof value === 'string' && HOST.test(value);
}

function shortHost(host: string): string {
  return host.replace(/[^\x21-\x7e]/g, '-').slice(0, MAX_HOST_LENGTH) || '-';
}
