import { PROTOCOL_UDP } from '../net/protocol.ts';
import type { Probe } from './probe.ts';

/** traceroute counts its ports up from here, three for each of thirty routers. */
const FIRST_PORT = 33_434;
const LAST_PORT = 33_523;

/** Its datagrams begin with 1 to 30; all others that arrive began with 64 or more, and few ways have 34 routers. */
const MAX_TTL = 30;

/** Whether a probe is a datagram as traceroute sends them. */
export function isTracerouteLike({ protocol, destinationPort, ttl }: Probe): boolean {
  return (
    protocol === PROTOCOL_UDP &&
    destinationPort >= FIRST_PORT &&
    destinationPort <= LAST_PORT &&
    ttl <= MAX_TTL
  );
}
