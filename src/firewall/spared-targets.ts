import { noTarget, parseTarget, type Target } from './target.ts';

/** The most prefixes that are spared; an ignore file is written by hand. */
const MAX_SPARED = 16_384;

/** The prefixes as targets, without duplicates; a text says in one line why they cannot be spared. */
export function sparedTargets(prefixes: readonly string[]): readonly Target[] | string {
  if (prefixes.length > MAX_SPARED) return `more than ${MAX_SPARED} prefixes to be spared`;
  const targets = new Map<string, Target>();
  for (const text of prefixes.flatMap(halves)) {
    const target = parseTarget(text);
    if (target === null) return noTarget(text);
    targets.set(target.text, target);
  }
  return [...targets.values()];
}

/** No back end can hold a prefix of length 0; two of length 1 cover the same addresses. */
function halves(text: string): string[] {
  if (text === '0.0.0.0/0') return ['0.0.0.0/1', '128.0.0.0/1'];
  return text === '::/0' ? ['::/1', '8000::/1'] : [text];
}
