import type { KindName } from '../classify/kind.ts';
import { compareTransports } from '../net/protocol.ts';
import type { Answered, ScanEvent } from '../track/event.ts';
import { counted } from './counted.ts';

/** Addresses whose answers are named, and ports of each. */
const MAX_ADDRESSES = 8;
const MAX_PORTS = 16;

/** Answers that a capture's first pass remembers for a source; there may be more. */
const MAX_KNOWN = 64;

/** Kinds that an open port answers. It keeps silent to a FIN (RFC 9293), and to others as a closed port does. */
const ASKS: readonly KindName[] = ['syn', 'connect', 'udp', 'sctp-init'];

/**
 * What the scanner found: `2 of 100 ports answered: 7, 80 of 10.0.0.2`, or of one port `3 of 59 addresses answered`. Null when that is not known, or when silence
 * would say nothing.
 */
export function foundText(event: ScanEvent): string | null {
  const { answered, tried, targets, atLeast, kinds, shape } = event;
  if (answered === null || shape === 'arp sweep' || shape === 'traceroute') return null;
  const isMore = answered.length >= MAX_KNOWN;
  const isSweep = targets > 1 && tried === 1;
  const addresses = new Set(answered.map(({ address }) => address)).size;
  // A port in use is no probe's, so the addresses that answered were not counted as targets.
  const asked = isSweep ? counted(targets + addresses, 'address', 'addresses') : counted(tried, 'port');
  const of = `of ${atLeast || isMore ? 'at least ' : ''}${asked} answered`;
  if (answered.length === 0) return kinds.some((kind) => ASKS.includes(kind)) ? `none ${of}` : null;
  const count = isSweep ? addresses : countPorts(answered);
  return `${isMore ? 'at least ' : ''}${count} ${of}: ${endpointsText(answered)}`;
}

/** The endpoints that answered: `7, 80 of 10.0.0.2; UDP 53 of 10.0.0.3`. */
export function endpointsText(answered: readonly Answered[]): string {
  const byAddress = new Map<string, Answered[]>();
  for (const one of answered) byAddress.set(one.address, [...(byAddress.get(one.address) ?? []), one]);
  const shown = [...byAddress].slice(0, MAX_ADDRESSES).map(([address, ports]) => {
    return `${listText(ports)} of ${address}`;
  });
  const more = byAddress.size - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${counted(more, 'address', 'addresses')} more` : ''}`;
}

function countPorts(answered: readonly Answered[]): number {
  return new Set(answered.map(portText)).size;
}

function listText(ports: readonly Answered[]): string {
  const sorted = [...ports].sort((a, b) => compareTransports(a.transport, b.transport) || a.port - b.port);
  const more = sorted.length - MAX_PORTS;
  return `${sorted.slice(0, MAX_PORTS).map(portText).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A port without a word is one of TCP. */
function portText({ transport, port }: Answered): string {
  return transport === 'tcp' ? String(port) : `${transport.toUpperCase()} ${port}`;
}
