import { Kind, kindMask } from '../../classify/kind.ts';
import { challenged, uncounted } from './challenge-chains.ts';
import { ALIVE_SET, JUDGED_PROTOCOLS, MEMORY_S, type TablePlan, TRIAL_ADDRESS, TRIAL_PORT } from './plan.ts';
import type { Writer } from './writer.ts';

/**
 * After both hooks of raw tables (-300) and before connection tracking, so that what is dropped costs no entry there.
 * Prerouting comes after the table of the blocks (-310).
 */
const INPUT_PRIORITY = -310;
const PREROUTING_PRIORITY = -309;
/** After source NAT (100), so that the peers of masqueraded hosts are noted, too. */
const POSTROUTING_PRIORITY = 310;
/** After all that may drop what this host sends. */
const OUTPUT_PRIORITY = 310;

export const SCTP_KINDS = kindMask([Kind['sctp-init'], Kind['sctp-cookie-echo']]);

/** Held sources are dropped before NAT and forwarding, so that published ports are shut to them, too. */
export function prerouting(plan: TablePlan, writer: Writer): string[] {
  return [
    'chain held_source {',
    // A link without neighbour discovery is dead: a forger of an address would cut its owner off.
    'icmpv6 type 133-137 accept',
    // The set is empty when the judge hangs.
    `meta l4proto { ${JUDGED_PROTOCOLS.join(', ')} } meta l4proto != @${ALIVE_SET} accept`,
    'exthdr frag exists goto held_fragment',
    ...challenged(plan),
    writer.report('held', 20_000, 64),
    'counter name held drop',
    '}',
    // The rest of a packet whose first part was judged already: what it is shows only when it is whole.
    'chain held_fragment {',
    writer.report('held', 1_000, 1),
    'counter name held drop',
    '}',
    // Of a network not everybody is held: not who is spared, and nobody of this host's own links.
    'chain held_network {',
    'ip6 saddr @spare6 accept',
    'ip6 saddr & ffff:ffff:ffff:ffff:: @link6_64 accept',
    'goto held_source',
    '}',
    // A router's hardware address is that of everybody behind it, so it counts for addresses of the link alone.
    'chain held_neighbour {',
    'ip6 saddr @spare6 accept',
    'ip6 saddr fe80::/10 goto held_source',
    'ip6 saddr & ffff:ffff:ffff:ffff:: @link6_64 goto held_source',
    '}',
    'chain prerouting6 {',
    'ip6 saddr @held6 goto held_source',
    'ip6 saddr & ffff:ffff:ffff:ffff:: @held6_64 goto held_network',
    'ip6 saddr & ffff:ffff:ffff:ff00:: @held6_56 goto held_network',
    'ip6 saddr & ffff:ffff:ffff:: @held6_48 goto held_network',
    'ether saddr @held_mac goto held_neighbour',
    '}',
    'chain prerouting {',
    `type filter hook prerouting priority ${PREROUTING_PRIORITY}; policy accept`,
    'iif lo accept',
    'ip saddr @held4 goto held_source',
    'meta nfproto ipv6 goto prerouting6',
    '}',
  ];
}

/**
 * What left this host: a late answer to it is no probe, and a port that answered has a service. What went to a blocked
 * source shows that it is not blocked. Linux forwards no IPv4 packet with an address of its own as the source; of IPv6
 * it does, and anybody could make any port one that has asked. So what leaves over IPv6 is noted in the output hook,
 * which forwarded packets do not pass.
 */
export function leaving(plan: TablePlan, writer: Writer): string[] {
  return [
    // Of packets that this host forwards only masqueraded ones count: what others send through it says nothing of it.
    'chain asked {',
    'meta skuid >= 0 goto asked_by_us',
    'fib saddr type local goto asked_by_us',
    '}',
    'chain asked_by_us {',
    `fib daddr type { broadcast, multicast } update @asked_all { udp sport timeout ${MEMORY_S}s } accept`,
    `update @asked4 { ip daddr . udp sport timeout ${MEMORY_S}s } accept`,
    `update @asked6 { ip6 daddr . udp sport timeout ${MEMORY_S}s } accept`,
    // Only a full set comes here.
    `update @asked_all { udp sport timeout ${MEMORY_S}s }`,
    '}',
    'chain gone {',
    'tcp flags & (fin|syn|rst) == syn goto opened',
    // The first one does not know the addresses of a VRF; the second one knows those of the interface.
    'fib saddr type != local fib saddr . oif type != local accept',
    'goto gone_from_us',
    '}',
    'chain gone_from_us {',
    'tcp flags & (fin|syn|rst) == syn goto opened',
    `update @gone4 { ip daddr . tcp sport timeout ${MEMORY_S}s } accept`,
    `update @gone6 { ip6 daddr . tcp sport timeout ${MEMORY_S}s }`,
    '}',
    // A port of ours that has answered has a service, which may come and go between two looks. A forger sends no packet
    // that has a socket of this host, not even through it.
    'chain opened {',
    `tcp flags & ack == ack meta skuid >= 0 update @opened_tcp { tcp sport timeout ${MEMORY_S}s }`,
    '}',
    'chain answered {',
    `tcp flags & (syn|ack) == (syn|ack) ${writer.report('answer', 100, 1)} accept`,
    `tcp flags & rst == rst ${writer.report('answer', 100, 1)} accept`,
    `icmp type destination-unreachable ${writer.report('answer', 100, 1)} accept`,
    `icmpv6 type destination-unreachable ${writer.report('answer', 100, 1)} accept`,
    '}',
    'chain postrouting {',
    `type filter hook postrouting priority ${POSTROUTING_PRIORITY}; policy accept`,
    ...saysNothing(plan),
    'ip daddr @doubted4 jump answered',
    'ip6 daddr @doubted6 jump answered',
    'meta nfproto ipv6 accept',
    ...(plan.udp.isEmpty ? [] : ['udp sport @watch_udp goto asked']),
    ...(plan.tcp.isEmpty ? [] : ['tcp sport != @used_tcp goto gone']),
    '}',
    'chain output {',
    `type filter hook output priority ${OUTPUT_PRIORITY}; policy accept`,
    'meta nfproto ipv4 accept',
    ...saysNothing(plan),
    ...(plan.udp.isEmpty ? [] : ['udp sport @watch_udp goto asked_by_us']),
    ...(plan.tcp.isEmpty ? [] : ['tcp sport != @used_tcp goto gone_from_us']),
    '}',
  ];
}

/** The packets that leave this host and are not noted. */
function saysNothing(plan: TablePlan): string[] {
  return [
    // A port that answered over loopback has no service for others.
    plan.watchesLoopback ? 'oif lo tcp flags & syn == syn accept' : 'oif lo accept',
    // Segments within connections first: nothing below has more to say of them.
    'tcp flags & (fin|syn|rst) == 0 accept',
    ...uncounted(plan),
  ];
}

export function input(plan: TablePlan, writer: Writer): string[] {
  const { tcp, udp, kinds, interfaces } = plan;
  const detects = (kind: Kind) => (kinds & (1 << kind)) !== 0;
  const verdicts = [
    ...(tcp.isEmpty ? [] : ['meta l4proto tcp jump segment']),
    ...(udp.isEmpty || !detects(Kind.udp) ? [] : ['meta l4proto udp goto datagram']),
    ...(tcp.isEmpty || (kinds & SCTP_KINDS) === 0 ? [] : ['meta l4proto sctp goto chunk']),
  ];
  return [
    'chain input {',
    `type filter hook input priority ${INPUT_PRIORITY}; policy accept`,
    // Segments of connections to services first: nothing below has more to say of them.
    'tcp flags & (fin|syn|rst|ack) == ack tcp dport @used_tcp accept',
    `iif lo ip saddr ${TRIAL_ADDRESS} udp dport ${TRIAL_PORT} ${writer.report('trial', 10, 1)} drop`,
    ...(plan.watchesLoopback ? [] : ['iif lo accept']),
    ...(interfaces === null
      ? []
      : [...interfaces.map((name) => `iifname ${quoted(name)} goto watched`), '}', 'chain watched {']),
    // nft reads ports and flags in the later fragments, too, where others' data stand in their place.
    'frag frag-off != 0 goto later_fragment',
    ...['ip saddr @doubted4', 'ip6 saddr @doubted6'].map((match) => `${match} jump doubted`),
    `meta l4proto != @${ALIVE_SET} goto other`,
    ...verdicts,
    // Linux puts IPv6 fragments together after this hook, and takes no first one without a whole transport header.
    `exthdr frag exists ${writer.report('fragment', 1_000, 1)}`,
    '}',
    'chain later_fragment {',
    writer.report('fragment', 1_000, 1),
    '}',
  ];
}

function quoted(name: string): string {
  return `"${name}"`;
}
