import type { ModeTransport } from '../net/protocol.ts';

/** A socket that could not be bound. */
export interface ListenFailure {
  readonly transport: ModeTransport;
  readonly port: number;
  /** 0.0.0.0, :: or an address of this host. */
  readonly address: string;
  /** The error code, such as EADDRINUSE. It is EMFILE also for a socket that was not opened to save descriptors. */
  readonly code: string;
}

/** The code of a system error. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'EIO';
}
