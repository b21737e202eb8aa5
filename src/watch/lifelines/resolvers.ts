import { parseAddress } from '../../net/address.ts';
import { filesOf } from '../config-files.ts';
import { readSmall } from '../proc-net.ts';
import { addLifelines, type Lifeline } from './lifeline.ts';

/** Files that name more servers than this are no resolver's. */
const MAX_RESOLVERS = 256;

/** resolv.conf(5): the keyword begins the line; a zone identifier may follow a link-local address. */
const NAMESERVER = /^nameserver[ \t]+([^\s;#%]+)/gm;

/** unbound.conf(5): `forward-addr: 192.0.2.1@853#dns.example`. */
const UNBOUND_UPSTREAM = /^[ \t]*(?:forward|stub)-addr:[ \t]*"?([^\s"#@%]+)/gm;

/** dnsmasq(8): `server=192.0.2.1#53`, `server=/example.com/192.0.2.1@eth0`, `rev-server=10.0.0.0/8,192.0.2.1`. */
const DNSMASQ_UPSTREAM = /^[ \t]*(?:server=(?:\/[^\s]*\/)?|rev-server=[^,\s]+,)([^\s#@,%]+)/gm;

/** The files that name resolvers, and those that name the servers which a resolver on this host asks. */
export interface ResolverFiles {
  /** resolv.conf(5), that of this host and those of its own resolvers. */
  readonly resolvConf: readonly string[];
  /** Files and folders of unbound.conf(5). */
  readonly unbound: readonly string[];
  /** Files and folders of the configuration of dnsmasq(8). */
  readonly dnsmasq: readonly string[];
}

/** The servers that these files name, each once. */
export function readResolvers({ resolvConf, unbound, dnsmasq }: ResolverFiles): Lifeline[] {
  const resolvers = new Map<string, Lifeline>();
  for (const [paths, pattern] of [
    [resolvConf, NAMESERVER],
    [unbound, UNBOUND_UPSTREAM],
    [dnsmasq, DNSMASQ_UPSTREAM],
  ] as const) {
    for (const file of paths.flatMap(filesOf)) addLifelines(resolvers, namedIn(file, pattern), MAX_RESOLVERS);
  }
  return [...resolvers.values()];
}

function namedIn(file: string, pattern: RegExp): Lifeline[] {
  return [...readSmall(file).matchAll(pattern)].flatMap(([, text = '']) => {
    const address = parseAddress(text);
    return address === null ? [] : [{ address, of: file }];
  });
}
