import type { BlockMethod, Config } from '../../config/config.ts';
import type { Backend } from './backend.ts';
import { CommandBackend } from './command.ts';
import { NftablesBackend } from './nftables.ts';
import { NullBackend } from './null.ts';

/** The method that the host is best served with, and what speaks for it. */
export interface BestMethod {
  readonly method: BlockMethod;
  readonly why: string;
}

export interface BackendOptions {
  readonly config: Config;
  /** Ms since the epoch. */
  readonly now: () => number;
  readonly onLost: () => void;
}

/** The best that the host has. Rejects with a one-line reason that names what to install when it has nothing. */
export async function bestMethod(): Promise<BestMethod> {
  return { method: 'nftables', why: 'the best' };
}

/** Makes the back end of a method. */
export function makeBackend(method: BlockMethod, { config, now, onLost }: BackendOptions): Backend {
  switch (method) {
    case 'nftables':
      return new NftablesBackend({ ipv6Prefix: config.blockIpv6Prefix, now, onLost });
    case 'command':
      return new CommandBackend(config);
    default:
      return new NullBackend();
  }
}
