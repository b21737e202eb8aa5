import { JUDGED_PROTOCOLS, NEIGHBOUR_ADDRESSES, type TablePlan } from './plan.ts';

/** Holds a second that one rule makes, after a burst: a flood of forged sources fills no set faster. */
const HOLD_RATE = 'limit rate 5/second burst 300 packets';

/** Where nothing would be blocked no packet is dropped. */
export function holds(plan: TablePlan): string[] {
  const { trigger, holdsTcp, holdsUdp } = plan;
  const transports = [...(holdsTcp ? ['tcp', 'sctp'] : []), ...(holdsUdp ? ['udp'] : [])];
  if (transports.length === 0) return ['chain hold_unless_spared { }'];
  return [
    'chain hold_unless_spared {',
    ...JUDGED_PROTOCOLS.filter((name) => !transports.includes(name)).map(
      (name) => `meta l4proto ${name} accept`,
    ),
    'ip saddr @spare4 counter name spared accept',
    'ip6 saddr @spare6 counter name spared accept',
    ...(trigger > 0 ? tries(trigger) : ['goto hold']),
    '}',
    'chain hold {',
    // A forger has used up the time that the owner of an address may be held for packets that anybody can send.
    'ip saddr @exempt4 drop',
    'ip6 saddr @exempt6 drop',
    'meta nfproto ipv6 goto hold6',
    // A source that has probed before finds a place before the many that come once.
    `ip saddr @once4 ${HOLD_RATE} add @held4 { ip saddr } drop`,
    'add @once4 { ip saddr }',
    `${HOLD_RATE} add @held4 { ip saddr } drop`,
    'counter name shed drop',
    '}',
    ...hold6(plan),
  ];
}

function tries(trigger: number): string[] {
  const family = (number: '4' | '6', address: string) => [
    `${address} . meta l4proto . th dport @tried${number} accept`,
    `add @tried${number} { ${address} . meta l4proto . th dport }`,
    `update @tries${number} { ${address} limit rate over 1/week burst ${trigger} packets } goto hold`,
  ];
  return [
    'meta nfproto ipv6 goto tries6',
    ...family('4', 'ip saddr'),
    '}',
    'chain tries6 {',
    ...family('6', 'ip6 saddr'),
  ];
}

/** Addresses of one's own link are held one by one: their /64 is everybody's there. */
function hold6({ ipv6Prefix }: TablePlan): string[] {
  const network = 'ip6 saddr & ffff:ffff:ffff:ffff::';
  const addNetwork = `add @held6_64 { ${network} } drop`;
  const byNetwork =
    ipv6Prefix <= 64
      ? [`${HOLD_RATE} ${addNetwork}`, 'counter name shed drop']
      : [`${network} @near6_64 ${HOLD_RATE} ${addNetwork}`, `add @near6_64 { ${network} }`, 'goto hold6_128'];
  return [
    'chain hold6 {',
    'ip6 saddr fe80::/10 goto hold6_link',
    `${network} @link6_64 goto hold6_link`,
    `${network} @exempt6_64 drop`,
    ...byNetwork,
    '}',
    // A neighbour may take as many addresses of the link as it likes, but has one hardware address.
    'chain hold6_link {',
    'ether saddr . ip6 saddr @neighbours goto hold6_128',
    'add @neighbours { ether saddr . ip6 saddr }',
    `update @neighbour_count { ether saddr limit rate over 1/week burst ${NEIGHBOUR_ADDRESSES} packets } add @held_mac { ether saddr }`,
    'goto hold6_128',
    '}',
    'chain hold6_128 {',
    `${HOLD_RATE} add @held6 { ip6 saddr } drop`,
    'counter name shed drop',
    '}',
  ];
}
