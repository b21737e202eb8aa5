import type { BackendOptions } from '../backend.ts';
import { SetBackend } from '../set-backend.ts';
import { NftCarrier } from './carrier.ts';
import { Remembered } from './remembered.ts';
import { Table } from './table.ts';

/** Changes in one transaction. No other firewall command runs meanwhile: 60 ms of work here. */
const MAX_BATCH = 8_192;

/** Sets in an nftables table of ours. `ipv6Prefix` is the prefix length of IPv6 blocks. */
export function nftablesBackend(ipv6Prefix: number, options: BackendOptions): SetBackend {
  const remembered = new Remembered();
  const sets = new Table(remembered, ipv6Prefix, options);
  const carrier = new NftCarrier(sets, remembered, options.now);
  return new SetBackend({ method: 'nftables', maxBatch: MAX_BATCH, sets, carrier }, options);
}
