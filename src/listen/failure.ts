import type { ModeTransport } from '../net/protocol.ts';

/** A socket that could not be had. */
export interface ListenFailure {
  readonly transport: ModeTransport;
  readonly port: number;
  /** 0.0.0.0, :: or an address of this host. */
  readonly address: string;
  /** The kernel's word, such as EADDRINUSE; EMFILE also for one that was left out to save descriptors. */
  readonly code: string;
}

/** The kernel's word for what went wrong. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'EIO';
}
