import { Address, parseAddress } from '../../net/address.ts';
import { isUnspecified } from '../port-times.ts';
import { parseWords, readSmall } from '../proc-net.ts';
import { addLifelines, type Lifeline } from './lifeline.ts';

/** An attacker who advertises routers on the link spares itself, and up to this many gateways that it names. */
const MAX_GATEWAYS = 1_024;

/** Room for 14,000 routes: on a router with more, gateways behind them are not seen here. */
const MAX_TABLE_BYTES = 2 * 1024 * 1024;

/** Route flags (linux/route.h); a reject route has its own flag. */
const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_REJECT = 0x200;

/** Interface, destination, gateway, flags, three counters, mask. */
const ROUTE_V4 =
  /^(?<device>\S+)\t(?<destination>[0-9A-F]{8})\t(?<gateway>[0-9A-F]{8})\t(?<flags>[0-9A-F]+)\t\d+\t\d+\t\d+\t(?<length>[0-9A-F]{8})\t/gm;

/** Destination and source, each with a length, next hop, metric, two counters, flags, interface. A default may have a source. */
const ROUTE_V6 =
  /^(?<destination>[0-9a-f]{32}) (?<length>[0-9a-f]{2}) [0-9a-f]{32} [0-9a-f]{2} (?<gateway>[0-9a-f]{32}) (?:[0-9a-f]{8} ){3}(?<flags>[0-9a-f]{8}) +(?<device>\S+)$/gm;

/** A next hop in the output of ip(8): of another family it has the family's name first. */
const NEXT_HOP = /\bvia (?:inet6? )?(?<gateway>[0-9a-f.:]+)(?: dev (?<device>\S+))?/g;

/** The next hop of an installed route. */
export interface Gateway extends Lifeline {
  /** It is one of a default route. */
  readonly isDefault: boolean;
}

/**
 * The next hops in the lines of `ip -o route show table all` and `ip -o nexthop show`: of all tables, all next hops of a
 * route, and next hops of the other family. Those of default routes come first.
 */
export function parseNextHops(text: string): Gateway[] {
  const found = text.split('\n').flatMap((line) => {
    if (!line.includes(' via ')) return [];
    const isDefault = line.startsWith('default ');
    return [...line.matchAll(NEXT_HOP)].flatMap(({ groups }) => {
      const address = parseAddress(groups?.gateway ?? '');
      return address === null ? [] : [{ address, of: groups?.device ?? 'a route', isDefault }];
    });
  });
  return eachOnce(found);
}

/**
 * The same from /proc/net/route and /proc/net/ipv6_route, where there is no ip(8). For IPv4 the kernel shows only the
 * main table there, and only the first of several next hops.
 */
export function readGateways(procNet: string): Gateway[] {
  return eachOnce([
    ...rowsOf(readSmall(`${procNet}/route`, MAX_TABLE_BYTES), ROUTE_V4, parseWords),
    ...rowsOf(readSmall(`${procNet}/ipv6_route`, MAX_TABLE_BYTES), ROUTE_V6, parseHex),
  ]);
}

function eachOnce(found: readonly Gateway[]): Gateway[] {
  const gateways = new Map<string, Gateway>();
  for (const wanted of [true, false])
    addLifelines(
      gateways,
      found.filter(({ isDefault }) => isDefault === wanted),
      MAX_GATEWAYS,
    );
  return [...gateways.values()];
}

function rowsOf(text: string, row: RegExp, parse: (hex: string) => Address | null): Gateway[] {
  return [...text.matchAll(row)].flatMap(({ groups }) => {
    const { gateway = '', flags = '', device = '', destination = '', length = '' } = groups ?? {};
    const address = parse(gateway);
    const leads =
      (Number.parseInt(flags, 16) & (RTF_UP | RTF_GATEWAY | RTF_REJECT)) === (RTF_UP | RTF_GATEWAY);
    // An IPv4 route through an IPv6 neighbour appears without a gateway.
    if (!leads || address === null || isUnspecified(address)) return [];
    return [{ address, of: device, isDefault: /^0+$/.test(destination + length) }];
  });
}

/** Parses 32 hexadecimal digits in network order. */
function parseHex(hex: string): Address {
  const word = (index: number) => Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16);
  return new Address(word(0), word(1), word(2), word(3));
}
