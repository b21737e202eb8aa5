import { PROTOCOL_UDP } from '../net/protocol.ts';
import type { Probe } from './probe.ts';

/** traceroute counts its ports up from the first, three for each of thirty routers. */
const FIRST_PORT = 33_434;
const LAST_PORT = 33_523;

/** traceroute starts with a TTL of 1 to 30, all other datagrams with 64 or more, and few paths have 34 routers. */
const MAX_TTL = 30;

/** Whether a probe looks like one of traceroute's datagrams. */
export function isTracerouteLike({ protocol, destinationPort, ttl }: Probe): boolean {
  return (
    protocol === PROTOCOL_UDP &&
    destinationPort >= FIRST_PORT &&
    destinationPort <= LAST_PORT &&
    ttl <= MAX_TTL
  );
}
