import { CommandError, Exit } from '../preflight/exit.ts';
import type { DaemonParts } from './parts.ts';

/**
 * Starts the kernel sensor where SENSOR asks for it and this host can have it. Returns the line that says which sensor
 * runs; null when no mode needs one. Throws a CommandError (69) when SENSOR="kernel" cannot be had.
 */
export async function startSensor(parts: DaemonParts): Promise<string | null> {
  const { settings, kernelSensor, sensorUpkeep } = parts;
  const { sensor } = settings.config;
  if (!parts.watchesIdlePorts) return null;
  if (sensor === 'packet')
    return 'The packet sensor watches captured frames, because SENSOR="packet" is set.';
  const failure = whyNot(parts) ?? (await kernelSensor.open());
  if (failure === null) {
    await sensorUpkeep.tick();
    const owner = kernelSensor.table.isOwned
      ? 'nobody else can change its table'
      : 'its table is checked each second';
    return `The kernel sensor watches packets where the kernel accepts them; ${owner}.`;
  }
  if (sensor === 'kernel') {
    throw new CommandError(
      Exit.unavailable,
      `the kernel sensor cannot run: ${failure}; set SENSOR to "auto" or "packet"`,
    );
  }
  return (
    `The packet sensor watches captured frames, because the kernel sensor cannot run: ${failure}. ` +
    'A block then comes after the first answers (docs/detection.md).'
  );
}

/** What the kernel sensor cannot do. */
function whyNot({ settings, options }: DaemonParts): string | null {
  const { interfaces } = settings.prepared;
  // Only root gives up all its rights at once: as another user the process that reads would keep CAP_NET_ADMIN.
  if (process.geteuid?.() !== 0) return 'it needs root, and USER is another';
  if (!options.serviceCheck)
    return '--disable-service-check watches ports in use, which the kernel leaves alone';
  if (!options.localCheck) return '--disable-local-check watches packets that the kernel drops';
  return interfaces.length > 0 && interfaces.every((name) => name === 'lo')
    ? 'it does not watch loopback'
    : null;
}
