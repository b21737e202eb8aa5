/** The known word that the user probably meant, ignoring case; null when none is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  // One wrong letter in three is a typing error; more make another word.
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

/** The hint that follows a message about an unknown word; empty when no known word is near. */
export function hintOf(meant: string | null): string {
  return meant === null ? '' : ` (did you mean ${meant}?)`;
}

/** The number of letters to insert, remove, replace or exchange with the next one. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let removed = 1; removed <= from.length; removed++) {
    const next = [removed];
    for (let inserted = 1; inserted <= to.length; inserted++) {
      const cost = from[removed - 1] === to[inserted - 1] ? 0 : 1;
      const steps = [
        (row[inserted] ?? 0) + 1,
        (next[inserted - 1] ?? 0) + 1,
        (row[inserted - 1] ?? 0) + cost,
      ];
      const isExchanged = from[removed - 1] === to[inserted - 2] && from[removed - 2] === to[inserted - 1];
      if (isExchanged && inserted > 1) steps.push((before[inserted - 2] ?? 0) + 1);
      next.push(Math.min(...steps));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
