import type { Config } from '../config/config.ts';
import type { ModeTransport } from '../net/protocol.ts';

/**
 * Whether the kernel may hold a source for a probe of this transport: only where a block could follow, because a
 * configuration that only logs must change no packet. All that the kernel sees can be forged, so with
 * BLOCK_SPOOFABLE="0" it holds nobody, unless the source can prove itself in the hold: `challenges`.
 */
export function mayHold(config: Config, transport: ModeTransport, challenges: boolean): boolean {
  const mayProve = challenges && transport === 'tcp';
  return config.hold && (config.blockSpoofable || mayProve) && mayBlock(config, transport);
}

/** Whether anything is configured that would block a source for probes of this transport. */
export function mayBlock(config: Config, transport: ModeTransport): boolean {
  const policy = transport === 'tcp' ? config.blockTcp : config.blockUdp;
  if (policy === 0) return false;
  if (policy === 1) return config.blockMethod !== 'none';
  // BLOCK="2" runs the external command; without KILL_RUN_CMD that is KILL_ROUTE.
  return config.killRunCmd === null && config.killRoute !== null;
}
