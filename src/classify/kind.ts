/**
 * The kinds of probe (design, section 5), by nmap's names. Small numbers, for they travel in fixed-size records, and
 * below 16, for a source's are bits of a half word.
 */
export const Kind = {
  none: 0,
  null: 1,
  fin: 2,
  xmas: 3,
  syn: 4,
  odd: 5,
  maimon: 6,
  ack: 7,
  udp: 8,
  connect: 9,
  'sctp-init': 10,
  'sctp-cookie-echo': 11,
  'ip-protocol': 12,
  icmp: 13,
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];
export type KindName = Exclude<keyof typeof Kind, 'none'>;

const NAMES = Object.keys(Kind) as (keyof typeof Kind)[];

/** The largest number of a kind. */
export const LAST_KIND = NAMES.length - 1;

/** The name that events and $KIND$ use. */
export function kindName(kind: Kind): KindName {
  return NAMES[kind] as KindName;
}

/** Bit `1 << Kind` for each of the kinds. */
export function kindMask(kinds: Iterable<Kind>): number {
  let mask = 0;
  for (const kind of kinds) mask |= 1 << kind;
  return mask;
}

/** The kinds that are told from what belongs to a connection. */
export const OF_CONNECTIONS = kindMask([Kind.maimon, Kind.ack]);

const WEAK = OF_CONNECTIONS | kindMask([Kind['ip-protocol']]);

/** Kinds of which a single packet may be a stray one of somebody honest. */
export function isWeak(kind: Kind): boolean {
  return (WEAK & (1 << kind)) !== 0;
}
