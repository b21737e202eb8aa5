import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processorTime } from '../support/processor-time.ts';
import { Coverage } from './coverage.ts';
import { Dice, mutate } from './mutate.ts';
import { TARGETS, type Target } from './targets.ts';

/** Processor time. An input that takes longer counts as a hang. */
const MAX_INPUT_MS = 1_000;

/** Inputs between two readings of the coverage. One reading costs about as much as running these inputs. */
const BATCH_INPUTS = 200;

/** How to fuzz a target. */
export interface FuzzOptions {
  /** The folder of the corpus. Each file is one input. */
  readonly folder: string;
  /** Asked before each batch, with the number of inputs so far. */
  readonly goesOn: (inputs: number) => boolean;
  /** The same seed and corpus give the same inputs. */
  readonly seed: number;
  /** Whether to add inputs that run new code to the folder. */
  readonly keep: boolean;
}

/** What a run has covered. */
export interface FuzzOutcome {
  readonly inputs: number;
  /** Blocks that the corpus alone ran. */
  readonly coveredByCorpus: number;
  /** Blocks that ran in all. */
  readonly covered: number;
  /** Inputs that ran code that the corpus did not run. */
  readonly found: number;
}

/**
 * Feeds mutations of a corpus to a target, guided by coverage: an input that runs new code joins the corpus. Throws for
 * the first input that makes the target throw or take too long. The error names a file with that input.
 */
export async function fuzz(name: string, options: FuzzOptions): Promise<FuzzOutcome> {
  const target = TARGETS[name];
  if (target === undefined)
    throw new Error(`unknown target: ${name}; the targets are ${Object.keys(TARGETS)}`);
  const corpus = readCorpus(options.folder);
  const dice = new Dice(options.seed);
  const coverage = new Coverage();
  await coverage.start();
  for (const input of corpus) await feed(target, input);
  const covered = await coverage.take();
  const coveredByCorpus = covered.size;
  let inputs = 0;
  let found = 0;
  while (options.goesOn(inputs)) {
    const batch = Array.from({ length: BATCH_INPUTS }, () =>
      mutate(pick(corpus, dice), pick(corpus, dice), dice),
    );
    for (const input of batch) await feed(target, input);
    inputs += BATCH_INPUTS;
    const fresh = difference(await coverage.take(), covered);
    if (fresh.size === 0) continue;
    for (const input of await inputsThatRan(fresh, batch, target, coverage)) {
      corpus.push(input);
      found++;
      if (options.keep) writeFileSync(join(options.folder, nameOf(input)), input);
    }
    for (const block of fresh) covered.add(block);
  }
  coverage.stop();
  return { inputs, coveredByCorpus, covered: covered.size, found };
}

function readCorpus(folder: string): Uint8Array[] {
  const corpus = readdirSync(folder).map((file) => new Uint8Array(readFileSync(join(folder, file))));
  if (corpus.length === 0) throw new Error(`${folder}: no corpus; make it with fixtures/make/corpus`);
  return corpus;
}

async function feed(target: Target, input: Uint8Array): Promise<void> {
  const startMs = processorTime();
  try {
    await target(input);
  } catch (error) {
    throw new Error(`${fileOf(input)}: ${(error as Error).stack}`);
  }
  const tookMs = processorTime() - startMs;
  if (tookMs > MAX_INPUT_MS) throw new Error(`${fileOf(input)}: took ${tookMs.toFixed(0)} ms`);
}

/** Runs the batch again and returns inputs that together run these blocks. */
async function inputsThatRan(
  blocks: ReadonlySet<string>,
  batch: readonly Uint8Array[],
  target: Target,
  coverage: Coverage,
): Promise<Uint8Array[]> {
  let missing = new Set(blocks);
  const inputs: Uint8Array[] = [];
  for (const input of batch) {
    await feed(target, input);
    const left = difference(missing, await coverage.take());
    if (left.size < missing.size) inputs.push(input);
    missing = left;
    if (missing.size === 0) break;
  }
  return inputs;
}

function difference(all: ReadonlySet<string>, without: ReadonlySet<string>): Set<string> {
  return new Set([...all].filter((block) => !without.has(block)));
}

function pick(corpus: readonly Uint8Array[], dice: Dice): Uint8Array {
  return corpus[dice.below(corpus.length)] as Uint8Array;
}

/** Writes the input into a temporary file and returns its path. */
function fileOf(input: Uint8Array): string {
  const file = join(tmpdir(), `portsentry-fuzz-${nameOf(input)}`);
  writeFileSync(file, input);
  return file;
}

function nameOf(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16);
}
