import { prepareRun } from '../preflight/prepare.ts';
import { notifyConfig } from './notifications.ts';
import type { DaemonParts } from './parts.ts';
import { keepUntilRestart } from './restart-keys.ts';
import { Settings } from './settings.ts';
import { warnOfNoChallenge } from './start-sensor.ts';

/**
 * Reads the configuration and the ignore file again and hands them to every part. When something is wrong with either,
 * logs what, and the old ones stay in force.
 */
export async function reload(parts: DaemonParts): Promise<void> {
  const { options, log, clock, settings, notifier, blockManager, engine, connectModes, captureManager } =
    parts;
  const before = settings.config;
  let waiting: readonly string[];
  try {
    const read = keepUntilRestart(prepareRun(options), before);
    waiting = read.waiting;
    const next = new Settings(read.prepared, log, {
      toWall: clock.toWall,
      verbose: options.verbose,
      listener: notifier,
    });
    await blockManager.reload(next.config).catch((error: Error) => {
      next.recorder.close();
      throw error;
    });
    settings.replace(next);
  } catch (error) {
    settings.tell(`Configuration not taken over: ${(error as Error).message}`);
    return;
  }
  const { config, modes, watched } = settings;
  engine.configure({ config, modes, watched });
  await parts.metricsOutputs.configure(config);
  notifier.configure(notifyConfig(options, config));
  await connectModes.reload(settings.prepared);
  parts.holds.configure({ holdTimeMs: config.holdTime, ipv6Prefix: config.blockIpv6Prefix });
  if (!config.challenge) parts.coinTests.clear();
  await parts.kernelSensor.configure();
  await parts.packetHolds.configure();
  captureManager.configure(parts.viewedPorts());
  settings.warn();
  if (!before.challenge) warnOfNoChallenge(parts);
  for (const key of waiting) settings.tell(`${key} takes effect at the next start.`);
  settings.tell('Configuration and ignore file were read again.');
}
