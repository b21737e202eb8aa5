/** The kinds of probe (design, section 5), by nmap's names. Small numbers, for they travel in fixed-size records. */
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
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];
export type KindName = Exclude<keyof typeof Kind, 'none'>;

const NAMES = Object.keys(Kind) as (keyof typeof Kind)[];

/** The name that events and $KIND$ use. */
export function kindName(kind: Kind): KindName {
  return NAMES[kind] as KindName;
}
