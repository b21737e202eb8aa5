import type { BlockMethod, Config } from '../config/config.ts';
import type { Backend } from '../firewall/backend.ts';
import { BackendPool } from '../firewall/pool.ts';
import { Blocks, type BlocksParts } from './blocks.ts';
import { Breaker } from './breaker.ts';
import { Notified } from './notified.ts';
import { Responder, type ResponderOptions } from './responder.ts';

/** What the chain that blocks sources is made from. */
export interface AssemblyParts extends Omit<BlocksParts, 'backends'> {
  readonly queue: ResponderOptions['queue'];
  readonly onStep: ResponderOptions['onStep'];
  readonly lookFirst?: ResponderOptions['lookFirst'];
  readonly onBlocked?: ResponderOptions['onBlocked'];
  readonly makeBackend: (method: BlockMethod) => Backend;
}

/** The chain that blocks sources. It also serves as the parts of `restoreBlocks` and of `liftBlocks`. */
export interface Assembly extends BlocksParts {
  readonly blocks: Blocks;
  readonly breaker: Breaker;
  /** Makes the responder for a configuration and for the method by which it blocks. */
  readonly makeResponder: (config: Config, method: BlockMethod) => Responder;
}

/** Wires blocks, breaker, back ends and responder; a live run and a replay with --act share it. */
export function assemble(parts: AssemblyParts): Assembly {
  const { config, tell, queue, hostsDenyPath, onStep, lookFirst, onBlocked, makeBackend } = parts;
  const blocksParts = { ...parts, backends: new BackendPool(makeBackend) };
  const blocks = new Blocks(blocksParts);
  // A reload makes another responder, and the sources stay told.
  const notified = new Notified();
  return {
    ...blocksParts,
    blocks,
    breaker: new Breaker({ max: config.blockRateMax, tell }),
    makeResponder: (current, method) =>
      new Responder({
        config: current,
        method,
        blocks,
        queue,
        notified,
        hostsDenyPath,
        lookFirst,
        onStep,
        onBlocked,
      }),
  };
}
