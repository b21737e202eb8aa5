/** The known word that was probably meant, compared without regard to case; null when none is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  // One slip in three letters is still the same word; more is another one.
  let least = Math.ceil(word.length / 3) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(word.toUpperCase(), candidate.toUpperCase());
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

/** What is said of the word that was probably meant; nothing when there is none. */
export function hintOf(meant: string | null): string {
  return meant === null ? '' : ` (did you mean ${meant}?)`;
}

/** Levenshtein's distance: how many letters must be put in, taken out or changed. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let taken = 1; taken <= from.length; taken++) {
    const next = [taken];
    for (let put = 1; put <= to.length; put++) {
      const same = from[taken - 1] === to[put - 1] ? 0 : 1;
      next.push(Math.min((row[put] ?? 0) + 1, (next[put - 1] ?? 0) + 1, (row[put - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
