import { type Address, parseAddress } from '../../net/address.ts';
import { readSmall } from '../proc-net.ts';
import type { Lifeline } from './lifeline.ts';

/** glibc asks three servers; a file that names more than this is no resolver's. */
const MAX_RESOLVERS = 32;

/** resolv.conf(5): the keyword begins the line; a zone identifier may follow a link-local address. */
const NAMESERVER = /^nameserver[ \t]+([^\s;#%]+)/gm;

/** The servers that resolv.conf names; also those of the `upstream` files when it names only resolvers on this host. */
export function readResolvers(resolvConf: string, upstream: readonly string[]): Lifeline[] {
  const named = nameservers(resolvConf);
  const isStub = named.every(({ address }) => isLoopback(address));
  const resolvers = new Map<string, Lifeline>();
  for (const resolver of isStub ? [...named, ...upstream.flatMap(nameservers)] : named) {
    const key = resolver.address.toString();
    if (resolvers.size < MAX_RESOLVERS && !resolvers.has(key)) resolvers.set(key, resolver);
  }
  return [...resolvers.values()];
}

function nameservers(file: string): Lifeline[] {
  return [...readSmall(file).matchAll(NAMESERVER)].flatMap(([, text = '']) => {
    const address = parseAddress(text);
    return address === null ? [] : [{ address, of: file }];
  });
}

/** Whether it is in 127.0.0.0/8 (systemd-resolved uses 127.0.0.53) or ::1. */
function isLoopback({ isV4, w0, w1, w2, w3 }: Address): boolean {
  return isV4 ? w3 >>> 24 === 127 : w0 === 0 && w1 === 0 && w2 === 0 && w3 === 1;
}
