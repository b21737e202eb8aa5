import { randomInt } from 'node:crypto';
import type { Failure } from '../commands/failure.ts';
import type { BlockMethod, Config } from '../config/config.ts';
import { unkillRouteFor } from '../config/kill-route.ts';
import type { HealthCheck } from '../control/status.ts';
import type { Backend } from '../firewall/backend.ts';
import type { Block } from '../firewall/block.ts';
import { type Family, familiesHere } from '../firewall/families.ts';
import type { LedgerMethod } from '../ledger/entry.ts';

/** A trial that this process does not live to take back ends by itself, where the method can do that. */
const TRIAL_TIME_MS = 60_000;

/** What the trial works with. */
export interface TrialParts {
  /** The method of new blocks; `none` when nobody is blocked. */
  readonly method: LedgerMethod;
  readonly config: Config;
  /** Opens the back end of the method, or rejects with a one-line reason. */
  readonly open: (method: BlockMethod) => Promise<Backend>;
  /** Whether the target is blocked already, by whom so ever: it is not touched then. */
  readonly isBlocked: (target: string) => boolean;
  /** Ms since the epoch. */
  readonly now: () => number;
  readonly families?: readonly Family[];
}

/** Blocks a documentation address of each family, looks whether it is blocked, and takes it out again in every case. */
export async function tryBlock(parts: TrialParts): Promise<HealthCheck> {
  const { method, config, open, families = familiesHere() } = parts;
  const name = 'trial block';
  if (method === 'none') return { name, result: 'skip', message: 'nobody is blocked, so no trial was made' };
  if (method === 'hosts.deny')
    return { name, result: 'skip', message: 'a line in hosts.deny is no block that could be tried' };
  const able = families.filter((family) => method !== 'command' || unkillRouteFor(config, family) !== null);
  if (able.length === 0) {
    const message = 'no trial was made: without UNKILL_ROUTE it could not be taken out again';
    return { name, result: 'skip', message };
  }
  const blocks = able.map((family) => trialBlock(family, parts));
  const targets = blocks.map(({ target }) => target).join(' and ');
  let result: TrialResult;
  try {
    result = await tryBackend(await open(method), blocks);
  } catch (error) {
    return { name, result: 'fail', message: `${method}: ${(error as Error).message}` };
  }
  const trouble = describeTrouble(result);
  if (trouble !== null) return { name, result: 'fail', message: `${method}: ${targets}: ${trouble}` };
  const unseen = method === 'command' ? '; only the exit status of the commands was looked at' : '';
  return { name, result: 'ok', message: `${targets}: put in by ${method} and taken out again${unseen}` };
}

/** Why the blocks could not be put in, and why they could not be taken out again. */
interface TrialResult {
  readonly failure: Failure;
  readonly left: Failure;
}

function describeTrouble({ failure, left }: TrialResult): string | null {
  const still =
    left === null ? '' : `could not be taken out again: ${left}; look for it and take it out by hand`;
  if (failure === null) return left === null ? null : still;
  return `could not be put in: ${failure}${left === null ? '' : `; and ${still}`}`;
}

/** Takes the blocks out after a failure, too: one that timed out may be there all the same. */
async function tryBackend(backend: Backend, blocks: readonly Block[]): Promise<TrialResult> {
  let failure: Failure = null;
  for (const block of blocks) failure ??= await backend.block(block);
  failure ??= await whyNot(backend, blocks, true, 'it is not among the blocks afterwards');
  let left: Failure = null;
  for (const block of blocks) left = (await backend.release(block)) ?? left;
  // A method that does not work has nothing to list.
  if (failure === null) left ??= await whyNot(backend, blocks, false, 'it is still among the blocks');
  return { failure, left };
}

/** The complaint, when a block is not in the list as expected; null when all are, or the method cannot list. */
async function whyNot(
  backend: Backend,
  blocks: readonly Block[],
  expected: boolean,
  complaint: string,
): Promise<Failure> {
  try {
    const listed = await backend.list();
    const present = new Set(listed?.map(({ target }) => target));
    const isAsExpected = listed === null || blocks.every(({ target }) => present.has(target) === expected);
    return isAsExpected ? null : complaint;
  } catch (error) {
    return (error as Error).message;
  }
}

function trialBlock(family: Family, { isBlocked, now }: TrialParts): Block {
  const target = drawTarget(family, isBlocked);
  const since = now();
  const cause = { kind: 'manual', mode: 'atcp', transport: 'tcp', destinationPort: 0, connects: 0 } as const;
  const note = 'trial of doctor';
  return { target, family, since, until: since + TRIAL_TIME_MS, cause: { ...cause, note } };
}

/** An address for documentation (RFC 5737, RFC 3849), which no real host has. Draws again while it is blocked. */
function drawTarget(family: Family, isBlocked: (target: string) => boolean): string {
  const draw = () =>
    family === 4
      ? `203.0.113.${randomInt(1, 255)}`
      : `2001:db8:${randomInt(1, 0xffff).toString(16)}:${randomInt(1, 0xffff).toString(16)}::1`;
  let target = draw();
  for (let times = 0; times < MAX_DRAWS && isBlocked(target); times++) target = draw();
  return target;
}

const MAX_DRAWS = 32;
