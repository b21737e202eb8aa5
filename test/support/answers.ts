import type { Lab } from './lab.ts';

/**
 * Counts on the cable what the victim answers: every TCP segment, datagram, SCTP packet and ICMP error that reaches the
 * scanner, before anything there can drop it. Neighbour discovery is no answer.
 */
const tableWithout = (ports: readonly number[]) => `
table inet answers {
  counter answers { }
  set services { type inet_service; ${ports.length === 0 ? '' : `elements = { ${ports.join(', ')} };`} }
  set to4 { type ipv4_addr; size 65536; flags dynamic; counter; }
  set to6 { type ipv6_addr; size 65536; flags dynamic; counter; }
  chain by_address {
    update @to4 { ip daddr }
    update @to6 { ip6 daddr }
  }
  chain count {
    type filter hook prerouting priority -400; policy accept;
    meta l4proto { tcp, udp } th sport @services accept
    meta l4proto { tcp, udp, sctp } jump by_address
    meta l4proto { tcp, udp, sctp } counter name answers accept
    icmp type { destination-unreachable, parameter-problem } counter name answers accept
    icmpv6 type { destination-unreachable, parameter-problem } counter name answers accept
  }
}
`;

/**
 * Starts to count at the scanner's end of the cable. What comes from these ports is not counted: on a busy machine a service
 * may end the connection of a client while the next probe is counted.
 */
export async function countAnswers(lab: Lab, servicePorts: readonly number[] = []): Promise<void> {
  const { code, stderr } = await lab.run(lab.scanner, ['nft', tableWithout(servicePorts)]);
  if (code !== 0) throw new Error(`nft: ${stderr}`);
}

/** How many answers have come so far. */
export async function answersOf(lab: Lab): Promise<number> {
  const { stdout } = await lab.run(lab.scanner, ['nft', '-j', 'list', 'counters']);
  const { nftables } = JSON.parse(stdout) as { nftables: { counter?: { name: string; packets: number } }[] };
  const found = nftables.find(({ counter }) => counter?.name === 'answers');
  if (found?.counter === undefined) throw new Error('no counter of answers');
  return found.counter.packets;
}

/** How many answers with ports have come so far to each address. */
export async function answersByAddress(lab: Lab): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const set of ['to4', 'to6']) {
    const { stdout } = await lab.run(lab.scanner, ['nft', '-j', 'list', 'set', 'inet', 'answers', set]);
    const { nftables } = JSON.parse(stdout) as { nftables: { set?: { elem?: CountedElement[] } }[] };
    for (const { elem } of nftables.flatMap(({ set }) => set?.elem ?? []))
      counts.set(elem.val, elem.counter.packets);
  }
  return counts;
}

interface CountedElement {
  readonly elem: { readonly val: string; readonly counter: { readonly packets: number } };
}

/** How many answers come while `work` is done. */
export async function answersDuring(lab: Lab, work: () => Promise<unknown>): Promise<number> {
  const before = await answersOf(lab);
  await work();
  return (await answersOf(lab)) - before;
}
