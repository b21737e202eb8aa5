import { Address } from '../../net/address.ts';
import { isUnspecified } from '../port-times.ts';
import { parseWords, readSmall } from '../proc-net.ts';
import type { Lifeline } from './lifeline.ts';

/** An attacker who advertises routers on the link spares itself, and up to this many gateways that it names. */
const MAX_GATEWAYS = 64;

/** Room for 14,000 routes: on a router with more, IPv6 gateways behind them are not seen. */
const MAX_IPV6_TABLE_BYTES = 2 * 1024 * 1024;

/** Route flags (linux/route.h); a reject route has its own flag. */
const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_REJECT = 0x200;

/** Interface, destination, gateway, flags, three counters, mask. */
const DEFAULT_ROUTE_V4 =
  /^(?<device>\S+)\t0{8}\t(?<gateway>[0-9A-F]{8})\t(?<flags>[0-9A-F]+)\t\d+\t\d+\t\d+\t0{8}\t/gm;

/** Destination and source, each with a length, next hop, metric, two counters, flags, interface. A default may have a source. */
const DEFAULT_ROUTE_V6 =
  /^0{32} 00 [0-9a-f]{32} [0-9a-f]{2} (?<gateway>[0-9a-f]{32}) (?:[0-9a-f]{8} ){3}(?<flags>[0-9a-f]{8}) +(?<device>\S+)$/gm;

/**
 * The next hops of all default routes in /proc/net/route and /proc/net/ipv6_route. For IPv4 the kernel shows only the
 * main table there, and only the first of several next hops.
 */
export function readGateways(procNet: string): Lifeline[] {
  const gateways = new Map<string, Lifeline>();
  // Default routes come first in IPv4's table, so its beginning suffices, and last in each of IPv6's.
  const routes = [
    ...rowsOf(readSmall(`${procNet}/route`), DEFAULT_ROUTE_V4, parseWords),
    ...rowsOf(readSmall(`${procNet}/ipv6_route`, MAX_IPV6_TABLE_BYTES), DEFAULT_ROUTE_V6, parseHex),
  ];
  for (const { gateway, flags, device } of routes) {
    const leads = (flags & (RTF_UP | RTF_GATEWAY | RTF_REJECT)) === (RTF_UP | RTF_GATEWAY);
    // An IPv4 route through an IPv6 neighbour appears without a gateway.
    if (!leads || isUnspecified(gateway)) continue;
    const key = gateway.toString();
    if (gateways.size < MAX_GATEWAYS && !gateways.has(key))
      gateways.set(key, { address: gateway, of: device });
  }
  return [...gateways.values()];
}

function rowsOf(text: string, row: RegExp, parse: (hex: string) => Address | null) {
  return [...text.matchAll(row)].flatMap(({ groups }) => {
    const gateway = parse(groups?.gateway ?? '');
    const [flags, device] = [Number.parseInt(groups?.flags ?? '', 16), groups?.device ?? ''];
    return gateway === null ? [] : [{ gateway, flags, device }];
  });
}

/** Parses 32 hexadecimal digits in network order. */
function parseHex(hex: string): Address {
  const word = (index: number) => Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16);
  return new Address(word(0), word(1), word(2), word(3));
}
