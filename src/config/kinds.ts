import { bad, good, knownWord, listWords, type Parsed, type ValueKind } from './values.ts';

/** The kinds of probe that DETECT may name. */
const KINDS = [
  'null',
  'fin',
  'xmas',
  'syn',
  'odd',
  'maimon',
  'ack',
  'udp',
  'connect',
  'sctp-init',
  'sctp-cookie-echo',
  'ip-protocol',
  'icmp',
  'arp',
] as const;

/** A kind of probe that can be detected. */
export type DetectedKind = (typeof KINDS)[number];

/** The default of DETECT. It leaves out what every honest host sends: ICMP requests and questions for addresses. */
export const DEFAULT_DETECT = KINDS.filter((kind) => kind !== 'icmp' && kind !== 'arp').join(',');

/** A list such as `syn,fin`; each kind once, in the order of the list above. */
export const kindList: ValueKind<readonly DetectedKind[]> = {
  parse: parseKinds,
  format: (kinds) => kinds.join(','),
};

function parseKinds(text: string): Parsed<readonly DetectedKind[]> {
  const named = new Set<DetectedKind>();
  for (const item of listWords(text)) {
    const known = knownWord(item, KINDS);
    if (!known.ok) return known;
    named.add(known.value);
  }
  return named.size > 0 ? good(KINDS.filter((kind) => named.has(kind))) : bad('kinds of probe', text);
}
