import type { PortSet } from '../../config/ports.ts';
import { tossesCoins } from './challenge-chains.ts';
import { ALIVE_SET, ALIVE_TIMEOUT_S, MEMORY_S, NEIGHBOUR_MEMORY_S, type TablePlan } from './plan.ts';

/** Entries of a set that packets fill: forged sources take this much memory of the kernel and no more. */
const DYNAMIC_SET_SIZE = 65_536;

/** Spared prefixes, and ports that services hold or held. */
const SPARED_SET_SIZE = 16_384;
const PORT_SET_SIZE = 65_536;

/** Ports as the elements of an interval set. */
function portElements(ports: PortSet): string {
  return ports
    .ranges()
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(', ');
}

/** The declarations of all sets. Those of the watched ports have their elements. */
export function setLines(plan: TablePlan): string[] {
  const hold = `${plan.holdTimeMs}ms`;
  const dynamic = (name: string, type: string, timeout = `${MEMORY_S}s`) =>
    `set ${name} { type ${type}; size ${DYNAMIC_SET_SIZE}; flags dynamic,timeout; timeout ${timeout}; }`;
  const families = (name: string, more: string, timeout?: string) => [
    dynamic(`${name}4`, `ipv4_addr${more}`, timeout),
    dynamic(`${name}6`, `ipv6_addr${more}`, timeout),
  ];
  const ports = (name: string, set: PortSet) =>
    `set ${name} { type inet_service; flags interval;${set.isEmpty ? '' : ` elements = { ${portElements(set)} };`} }`;
  return [
    `set ${ALIVE_SET} { type inet_proto; flags timeout; timeout ${ALIVE_TIMEOUT_S}s; }`,
    ...families('held', '', hold),
    dynamic('held6_64', 'ipv6_addr', hold),
    dynamic('held6_56', 'ipv6_addr', hold),
    dynamic('held6_48', 'ipv6_addr', hold),
    dynamic('held_mac', 'ether_addr', hold),
    dynamic('neighbours', 'ether_addr . ipv6_addr', `${NEIGHBOUR_MEMORY_S}s`),
    dynamic('neighbour_count', 'ether_addr', `${NEIGHBOUR_MEMORY_S}s`),
    ...(tossesCoins(plan) ? families('tossed', ' . inet_service') : []),
    dynamic('near6_64', 'ipv6_addr'),
    ...families('once', ''),
    `set exempt4 { type ipv4_addr; size ${DYNAMIC_SET_SIZE}; flags timeout; }`,
    `set exempt6 { type ipv6_addr; size ${DYNAMIC_SET_SIZE}; flags timeout; }`,
    `set exempt6_64 { type ipv6_addr; size ${DYNAMIC_SET_SIZE}; flags timeout; }`,
    ...families('weakport', ' . inet_service'),
    ...families('weak', ''),
    ...(plan.trigger > 0
      ? [...families('tried', ' . inet_proto . inet_service'), ...families('tries', '')]
      : []),
    ...families('gone', ' . inet_service'),
    dynamic('opened_tcp', 'inet_service'),
    ...families('asked', ' . inet_service'),
    dynamic('asked_all', 'inet_service'),
    `set forwards { type inet_proto; }`,
    `set link6_64 { type ipv6_addr; size 1024; }`,
    `set spare4 { type ipv4_addr; size ${SPARED_SET_SIZE}; flags interval; auto-merge; }`,
    `set spare6 { type ipv6_addr; size ${SPARED_SET_SIZE}; flags interval; auto-merge; }`,
    `set quiet { type ifname; size 1024; }`,
    `set doubted4 { type ipv4_addr; size ${SPARED_SET_SIZE}; flags interval; auto-merge; }`,
    `set doubted6 { type ipv6_addr; size ${SPARED_SET_SIZE}; flags interval; auto-merge; }`,
    ports('watch_tcp', plan.tcp),
    ports('watch_udp', plan.udp),
    ports('excluded_tcp', plan.excludedTcp),
    `set known_at4 { type ipv4_addr . inet_proto . inet_service; size ${PORT_SET_SIZE}; }`,
    `set known_at6 { type ipv6_addr . inet_proto . inet_service; size ${PORT_SET_SIZE}; }`,
    ...['known_tcp', 'known_udp', 'used_tcp', 'used_sctp'].map(
      (name) => `set ${name} { type inet_service; size ${PORT_SET_SIZE}; }`,
    ),
  ];
}
