import type { BlockMethod, Config } from '../config/config.ts';
import { bestMethod, makeBackend } from '../firewall/choose.ts';
import { bootIdentity } from '../ledger/boot.ts';
import { BlockMemory } from '../ledger/memory.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import type { Recorder } from '../record/recorder.ts';
import { type Assembly, assemble } from '../respond/assemble.ts';
import type { Blocks } from '../respond/blocks.ts';
import type { Breaker } from '../respond/breaker.ts';
import { HostLookup } from '../respond/host-lookup.ts';
import { HOSTS_DENY } from '../respond/hosts-deny.ts';
import type { NeverBlock } from '../respond/never-block.ts';
import { plannedMethod } from '../respond/plan.ts';
import { ActionQueue } from '../respond/queue.ts';
import type { Responder } from '../respond/responder.ts';
import { viewHost } from '../watch/host.ts';

/**
 * Takes the configured actions during a replay (--act). Leaves the ledger to the daemon, which takes over the blocks
 * in the kernel when it next starts.
 */
export class ReplayActions {
  readonly blocks: Blocks;
  readonly responder: Responder;
  readonly breaker: Breaker;
  readonly #queue = new ActionQueue();
  readonly #assembly: Assembly;
  readonly #lookup: HostLookup | null;

  private constructor(config: Config, never: NeverBlock, recorder: Recorder, method: BlockMethod) {
    const lookup = config.autoIgnore ? new HostLookup({ now: () => performance.now() }) : null;
    this.#lookup = lookup;
    this.#assembly = assemble({
      config,
      memory: new BlockMemory(),
      queue: this.#queue,
      makeBackend: (name) => makeBackend(name, { config, now: Date.now, onLost: () => {} }),
      hostsDenyPath: HOSTS_DENY,
      boot: bootIdentity(),
      ruleFor: (network) => never.ruleForNetwork(network),
      lookFirst: async ({ source, evidence }, target) => {
        if (lookup !== null)
          never.setLifelines(await lookup.look({ about: parsePrefix(target), asksTimeDaemons: true }));
        return never.match(parseAddress(source) as Address, evidence);
      },
      now: Date.now,
      onStep: (target, step) => recorder.step(target, step),
      onEnd: (event) => recorder.unblock(event),
      tell: (text) => recorder.admin(text),
    });
    this.blocks = this.#assembly.blocks;
    this.breaker = this.#assembly.breaker;
    this.responder = this.#assembly.makeResponder(config, method);
  }

  /** Spares this host and the hosts that it depends on. Throws a CommandError (69) when it has no way to block. */
  static async open(config: Config, never: NeverBlock, recorder: Recorder): Promise<ReplayActions> {
    const { addresses, broadcasts } = viewHost();
    never.setOwn(addresses, broadcasts);
    const planned = plannedMethod(config);
    const blocks = config.blockTcp === 1 || config.blockUdp === 1;
    try {
      const best = planned === 'best' && blocks ? (await bestMethod()).method : 'none';
      return new ReplayActions(config, never, recorder, planned === 'best' ? best : planned);
    } catch (error) {
      throw new CommandError(Exit.unavailable, `sources cannot be blocked: ${(error as Error).message}`);
    }
  }

  /** Ends the actions that run. Blocks stay in force. */
  async close(): Promise<void> {
    await this.#queue.close();
    await this.#assembly.backends.close('keep');
    await this.#lookup?.close();
  }
}
