import type { Config } from '../../src/config/config.ts';
import type { Modes } from '../../src/config/modes.ts';
import type { EngineParts, EngineRecorder } from '../../src/engine.ts';
import { EVERY_HOME } from '../../src/watch/home.ts';
import { NO_CONNECTIONS, NOTHING_IN_USE } from '../../src/watch/in-use.ts';
import { WatchedPorts } from '../../src/watch/watched-ports.ts';

const MODES = { tcp: 'atcp', udp: 'audp' } as const;

/**
 * The parts of an engine that takes every address as its own, spares no source, acts on none and reports to `recorder`.
 * `others` replaces some of the parts.
 */
export function engineParts(
  config: Config,
  recorder: EngineRecorder,
  others: Partial<EngineParts> = {},
  modes: Modes = MODES,
): EngineParts {
  return {
    config,
    modes,
    watched: new WatchedPorts(config, modes),
    home: EVERY_HOME,
    inUse: NOTHING_IN_USE,
    connections: NO_CONNECTIONS,
    ruleFor: () => null,
    isBlocked: () => false,
    admits: () => true,
    respond: null,
    recorder: () => recorder,
    localCheck: true,
    salt: 0,
    ...others,
  };
}

/** A recorder that reads every event and drops those that `heard` does not take. */
export function recorderOf(heard: Partial<EngineRecorder>): EngineRecorder {
  const nothing = () => {};
  return {
    listens: true,
    readsEvents: true,
    probe: nothing,
    scan: nothing,
    decoys: nothing,
    forget: nothing,
    refused: nothing,
    spared: nothing,
    block: nothing,
    unblocked: nothing,
    ...heard,
  };
}
