import { cpuUsage, memoryUsage, versions } from 'node:process';
import { modeNames } from '../config/modes.ts';
import type { Engine } from '../engine.ts';
import { NOTHING_SHARED, type Readings } from '../metrics/families.ts';
import type { ActionQueue } from '../respond/queue.ts';
import type { BlockManager } from './block-manager.ts';
import type { CaptureManager } from './capture-manager.ts';
import type { SteadyClock } from './clock.ts';
import type { KernelSensor } from './kernel-sensor.ts';
import type { Lists } from './lists.ts';
import type { Readiness } from './readiness.ts';
import type { Settings } from './settings.ts';
import type { Share } from './share.ts';

/** The parts of the daemon that have the numbers. */
export interface ReadParts {
  readonly settings: Pick<Settings, 'modes'>;
  readonly clock: Pick<SteadyClock, 'toWall'>;
  readonly engine: Pick<Engine, 'counts' | 'blockCounts' | 'tracker'>;
  readonly blockManager: Pick<BlockManager, 'blocks' | 'breaker'>;
  readonly queue: Pick<ActionQueue, 'load'>;
  readonly readiness: Pick<Readiness, 'doesWithoutCapture'>;
  readonly captureManager: Pick<CaptureManager, 'isWell'>;
  readonly kernelSensor: Pick<KernelSensor, 'isWell' | 'lost'>;
  readonly lists: Pick<Lists, 'sizes'>;
  /** null when nothing is shared. */
  readonly share: Pick<Share, 'counts'> | null;
  /** Packets by the reason at which their decoding ended. */
  counts(): ReadonlyMap<number, number>;
}

/** What does not change while the daemon runs. */
interface Start {
  readonly version: string;
  /** By the daemon's clock, ms. */
  readonly startTime: number;
}

/** Reads the metrics off the parts of the daemon: numbers that they have, so that it takes no time from detection. */
export function readMetrics(parts: ReadParts, { version, startTime }: Start): Omit<Readings, 'held'> {
  const { settings, clock, engine, blockManager, queue, readiness, captureManager, kernelSensor } = parts;
  const { blocks, breaker } = blockManager;
  const { running, queued } = queue.load;
  const { user, system } = cpuUsage();
  return {
    version,
    node: versions.node,
    startTime: clock.toWall(startTime) / 1000,
    modes: modeNames(settings.modes),
    reports: parts.counts(),
    reportsLost: kernelSensor.lost,
    probes: engine.counts,
    blocks: engine.blockCounts,
    blocked: { ipv4: blocks.sizeV4, ipv6: blocks.size - blocks.sizeV4 },
    blocksDue: blocks.dueCount,
    sources: engine.tracker.size,
    actions: running + queued,
    breakerOpen: breaker.isOpen,
    sensorUp: (captureManager.isWell && kernelSensor.isWell) || readiness.doesWithoutCapture,
    lists: parts.lists.sizes(),
    share: parts.share?.counts ?? NOTHING_SHARED,
    memory: memoryUsage.rss(),
    cpuTime: (user + system) / 1e6,
  };
}
