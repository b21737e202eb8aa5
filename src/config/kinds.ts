import { bad, good, knownWord, listWords, type Parsed, type ValueKind } from './values.ts';

/** The kinds of probe that DETECT may name (design, section 5). */
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
] as const;

export type DetectedKind = (typeof KINDS)[number];

/** Requests by ICMP are everybody's, and so not looked for unless somebody asks. */
export const DEFAULT_DETECT = KINDS.filter((kind) => kind !== 'icmp').join(',');

/** `syn,fin`: each once, in the order of the list above. */
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
