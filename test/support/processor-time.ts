const ROUNDS = 5;

/** Factor between the two sizes that `costRatio` compares. */
const FACTOR = 8;

/** Milliseconds of the processor that this process has used. Other processes do not add to it. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * How much more processor time one run of `work` on eight times the size takes than eight runs on the size itself:
 * about 1 when the cost is linear, 8 when it is quadratic. The best of several rounds counts on either side.
 */
export function costRatio(work: (size: number) => void, size: number): number {
  let small = Infinity;
  let large = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    small = Math.min(
      small,
      costOf(() => {
        for (let run = 0; run < FACTOR; run++) work(size);
      }),
    );
    large = Math.min(
      large,
      costOf(() => work(size * FACTOR)),
    );
  }
  return large / small;
}

function costOf(work: () => void): number {
  const begun = processorTime();
  work();
  return processorTime() - begun;
}
