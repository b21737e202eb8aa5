/**
 * Which rule of the table reported a packet; its log prefix is the name. The numbers travel in records of the sensor
 * process. `none` is a packet that no rule of ours reported: the packet sensor captured it.
 */
export const Rule = {
  none: 0,
  /** To a port that nobody owns, or impossible on any: dropped, and its source held unless it is spared. */
  probe: 1,
  /** A segment of no connection, or an IP protocol that nobody speaks. */
  weak: 2,
  /** To the port of a known service that is away. */
  known: 3,
  /** Any packet of a held source. */
  held: 4,
  /** To a group of hosts: broadcast, multicast, anycast. */
  cast: 5,
  /** With an address of this host as its source, from outside. */
  forged: 6,
  /** From behind a bridge of this host that has no physical port. */
  bridge: 7,
  /** An ICMP request that asks whether this host is there. */
  icmp: 8,
  /** A part of an IPv6 packet whose transport header is incomplete. */
  fragment: 9,
  /** A segment or message that this host sent to a blocked source. */
  answer: 10,
  /** Any packet of a blocked source; reported by the table of the blocks. */
  blocked: 11,
  /** The datagram by which the sensor tries itself. */
  trial: 12,
  /** From a source whose block may be gone, to any port: the answer to it would prove that. */
  doubted: 13,
  /** The first SYN of a held source to a port, which was answered with RST by the toss of a coin. */
  reset: 14,
  /** The same, and the coin fell the other way: it was dropped. */
  silent: 15,
  /** A probe over loopback. */
  loopback: 16,
} as const;

export type Rule = (typeof Rule)[keyof typeof Rule];
export type RuleName = Exclude<keyof typeof Rule, 'none'>;

/** The largest number of a rule. */
export const LAST_RULE = Object.keys(Rule).length - 1;

/** The first two letters of each rule's name, as one number: no two rules share them. */
const BY_LETTERS: ReadonlyMap<number, Rule> = new Map(
  Object.entries(Rule)
    .filter(([, rule]) => rule !== Rule.none)
    .map(([name, rule]) => [(name.charCodeAt(0) << 8) | name.charCodeAt(1), rule]),
);

/** The rule whose log prefix begins with these two octets; `Rule.none` for a prefix that is none of ours. */
export function ruleOfPrefix(letters: number): Rule {
  return BY_LETTERS.get(letters) ?? Rule.none;
}

/** Whether the table of the sensor counts what this rule reports. */
export function isCounted(rule: Rule): boolean {
  return rule !== Rule.none && rule !== Rule.blocked;
}
