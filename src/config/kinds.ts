import { nearest } from './nearest.ts';
import { bad, good, listWords, oneOf, type Parsed, type ValueKind } from './values.ts';

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
    const kind = KINDS.find((known) => known === item.text);
    if (kind === undefined) {
      const meant = nearest(item.text, KINDS);
      const hint = meant === null ? '' : ` (did you mean ${meant}?)`;
      return bad(`${oneOf(KINDS)}${hint}`, item.text, item.offset);
    }
    named.add(kind);
  }
  return named.size > 0 ? good(KINDS.filter((kind) => named.has(kind))) : bad('kinds of probe', text);
}
