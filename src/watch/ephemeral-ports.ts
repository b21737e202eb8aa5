import type { PortRange } from '../config/ports.ts';
import { readSmall } from './proc-net.ts';

/** Linux's default. */
const DEFAULT_RANGE: PortRange = { first: 32_768, last: 60_999 };

/** This host's range of ephemeral ports, for both families (net.ipv4.ip_local_port_range). */
export function readEphemeralPorts(file = '/proc/sys/net/ipv4/ip_local_port_range'): PortRange {
  const match = /^(\d{1,5})\s+(\d{1,5})\s*$/.exec(readSmall(file));
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  return first > 0 && first <= last && last < 65_536 ? { first, last } : DEFAULT_RANGE;
}
