import { describeMissing, missingInPrograms } from '../capture/capabilities.ts';
import type { Failure } from '../commands/failure.ts';
import type { BlockMethod, Config } from '../config/config.ts';
import type { Backend, BackendOptions } from './backend.ts';
import { CommandBackend } from './command.ts';
import { ipsetBackend } from './ipset/ipset.ts';
import { whyNoIpset } from './ipset/probe.ts';
import { IptablesBackend } from './iptables/iptables.ts';
import { whyNoIptables } from './iptables/probe.ts';
import { nftablesBackend } from './nft/nftables.ts';
import { whyNoNftables } from './nft/probe.ts';
import { NoneBackend } from './none.ts';
import { NullBackend } from './null.ts';
import { RouteBackend } from './route/route.ts';
import { whyNoRoutes } from './route/routes.ts';

/** The block method when the configuration names none. */
export interface BestMethod {
  readonly method: BlockMethod;
  /** One line: why it is this one, and why not a better one. */
  readonly why: string;
}

/** Best first: fast sets with time-outs, the same through iptables, one rule a block, only our answers stopped. */
const BY_MERIT: readonly (readonly [method: BlockMethod, whyNot: () => Promise<Failure>])[] = [
  ['nftables', whyNoNftables],
  ['ipset', whyNoIpset],
  ['iptables', whyNoIptables],
  ['route', whyNoRoutes],
];

/** Tries the methods on this host and leaves no trace of that. Rejects with a one-line reason when none works. */
export async function bestMethod(): Promise<BestMethod> {
  const missing = missingInPrograms(['CAP_NET_ADMIN']);
  if (missing.length > 0) throw new Error(`this host has no way to block: ${describeMissing(missing)}`);
  const reasons: string[] = [];
  for (const [method, whyNot] of BY_MERIT) {
    const reason = await whyNot();
    if (reason === null) return { method, why: ['the best that this host has', ...reasons].join('; ') };
    reasons.push(`not ${method}: ${reason}`);
  }
  throw new Error(`this host has no way to block: ${reasons.join('; ')}`);
}

/** Makes the back end of a method. The caller opens it. */
export function makeBackend(
  method: BlockMethod,
  { config, ...options }: BackendOptions & { readonly config: Config },
): Backend {
  switch (method) {
    case 'nftables':
      return nftablesBackend(config.blockIpv6Prefix, options);
    case 'ipset':
      return ipsetBackend(options);
    case 'iptables':
      return new IptablesBackend(options);
    case 'route':
      return new RouteBackend(options);
    case 'command':
      return new CommandBackend(config);
    case 'none':
      return new NoneBackend();
    case 'null':
      return new NullBackend();
  }
}
