import type { CredentialFiles } from '../credentials.ts';
import type { EngineError } from '../engine.ts';
import type { Signed, Unchecked } from './message.ts';

/** How the worker reaches the server. */
export interface RedisSetup {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** The user of the server's access control list; null for its default user. */
  readonly user: string | null;
  readonly stream: string;
  readonly files: CredentialFiles;
}

/** What the worker is asked to do. */
export type RedisRequest =
  /** Adds messages to the stream, in this order. The answer is empty. */
  | { readonly kind: 'add'; readonly messages: readonly Signed[] }
  /** Reads `most` entries behind the id `after`; waits for the first one for `waitMs` when that is not 0. */
  | { readonly kind: 'read'; readonly after: string; readonly most: number; readonly waitMs: number }
  /** Finds out whether messages may be added, and adds none. The answer is empty. */
  | { readonly kind: 'try-to-add' };

/** An entry of the stream; null where it has no such field, or one that is too long. */
export interface Entry extends Unchecked {
  readonly id: string;
}

/** What a request must keep to. */
export interface Terms {
  /** The time for it, ms. */
  readonly timeoutMs: number;
  /** The wall clock, ms since the epoch; a certificate that is over by it is not used. */
  readonly now: number;
}

/** A request on its way to the worker. */
export interface Asked {
  readonly seq: number;
  readonly request: RedisRequest;
  readonly terms: Terms;
}

/** The worker's answer to it. */
export type Answered =
  | { readonly seq: number; readonly entries: readonly Entry[] }
  | { readonly seq: number; readonly message: string; readonly outcome: EngineError['outcome'] };
