/** `make fuzz SECONDS=600`: fuzzes every target for this time and adds new inputs to the corpus. */
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() & 0x7fffffff);

for (const name of Object.keys(TARGETS)) {
  const end = performance.now() + seconds * 1000;
  const goesOn = () => performance.now() < end;
  const outcome = await fuzz(name, { folder: `fixtures/corpus/${name}`, goesOn, seed, keep: true });
  const { inputs, coveredByCorpus, covered, found } = outcome;
  console.log(
    `${name}: ${inputs} inputs in ${seconds} s, seed ${seed}; ${covered} blocks ran, ${coveredByCorpus} of them ` +
      `by the corpus; ${found} inputs added`,
  );
}
