import type { BackendOptions } from '../backend.ts';
import { SetBackend } from '../set-backend.ts';
import { IpsetCarrier } from './carrier.ts';
import { RuledSets } from './ruled-sets.ts';

/** Changes in one question: 100 ms of work here. */
const MAX_BATCH = 4_096;

/** Sets of ipset, and one rule each of iptables and ip6tables that looks into them. */
export function ipsetBackend(options: BackendOptions): SetBackend {
  const sets = new RuledSets(options.now);
  const carrier = new IpsetCarrier(options.now);
  return new SetBackend({ method: 'ipset', maxBatch: MAX_BATCH, sets, carrier }, options);
}
