/**
 * The kinds of probe, by nmap's names. The numbers travel in fixed-size records, and they stay below 16 because the
 * kinds of a source are bits of a half word.
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
  arp: 14,
} as const;

/** One of the values of `Kind`. */
export type Kind = (typeof Kind)[keyof typeof Kind];
/** The name of a kind of probe. */
export type KindName = Exclude<keyof typeof Kind, 'none'>;

const NAMES = Object.keys(Kind) as (keyof typeof Kind)[];

/** The largest number of a kind. */
export const LAST_KIND = NAMES.length - 1;

/** The name that events and $KIND$ use. */
export function kindName(kind: Kind): KindName {
  return NAMES[kind] as KindName;
}

/** A mask with bit `1 << Kind` for each of the kinds. */
export function kindMask(kinds: Iterable<Kind>): number {
  let mask = 0;
  for (const kind of kinds) mask |= 1 << kind;
  return mask;
}

/** A mask of the kinds whose packets may also belong to a connection. */
export const CONNECTION_KINDS = kindMask([Kind.maimon, Kind.ack]);

const WEAK = CONNECTION_KINDS | kindMask([Kind['ip-protocol']]);

/** A mask of the kinds that segments with impossible flags are; `odd` are others, too. */
export const IMPOSSIBLE_KINDS = kindMask([Kind.null, Kind.fin, Kind.xmas, Kind.odd]);

/** Whether probes of the kind are only noted: honest hosts send them too, and their sources are never blocked. */
export function isNoted(kind: Kind): boolean {
  return kind === Kind.icmp || kind === Kind.arp;
}

/** Whether a single packet of the kind may be a stray one from an honest host. */
export function isWeak(kind: Kind): boolean {
  return (WEAK & (1 << kind)) !== 0;
}
