import { CommandError, Exit } from '../preflight/exit.ts';
import type { DaemonParts } from './parts.ts';
import { PACKET_SENSOR_IS_WEAKER } from './sensor-status.ts';

/** Starts the process of the kernel sensor ahead, where it may be chosen: it takes as long to load as the rest of a start. */
export function prepareSensor(parts: DaemonParts): void {
  const { settings, kernelSensor, watchesIdlePorts } = parts;
  if (watchesIdlePorts && settings.config.sensor !== 'packet' && whyNot(parts) === null)
    kernelSensor.prepare();
}

/** Starts the sensor. Throws as `chooseSensor` does. */
export async function startSensor(parts: DaemonParts): Promise<void> {
  await chooseSensor(parts);
  warnOfNoChallenge(parts);
}

/** Says so if CHALLENGE has no effect with the sensor that watches. What the settings keep from it was said before. */
export function warnOfNoChallenge({
  settings,
  kernelSensor,
}: Pick<DaemonParts, 'settings' | 'kernelSensor'>): void {
  const { challenge, sensor } = settings.config;
  if (!challenge || sensor === 'packet' || (kernelSensor.isOpen && !settings.watched.tcp.isEmpty)) return;
  settings.tell(
    'CHALLENGE="1" has no effect: it needs the kernel sensor, with a mode that watches idle TCP ports.',
  );
}

/**
 * Starts the kernel sensor where SENSOR asks for it and this host can have it, and says which sensor watches. Throws a
 * CommandError (69) when SENSOR="kernel" cannot be had, or another portsentry watches this network namespace.
 */
async function chooseSensor(parts: DaemonParts): Promise<void> {
  const { settings, options, kernelSensor, sensorUpkeep } = parts;
  const { sensor } = settings.config;
  if (!parts.watchesIdlePorts) return;
  const choose = (choice: string, more = '') => {
    parts.sensorChoice = choice;
    settings.tell(`${choice}${more}`);
  };
  // The table has its spared prefixes and known services from its first moment on.
  await sensorUpkeep.tick();
  if (sensor === 'packet') {
    choose('The packet sensor watches captured frames, because SENSOR="packet" is set.');
    await parts.openPacketHolds();
    return;
  }
  const failure = whyNot(parts) ?? (await kernelSensor.open());
  if (failure === null) {
    const owner = kernelSensor.table.isOwned
      ? 'nobody else can change its table'
      : 'its table is checked each second';
    choose(`The kernel sensor watches packets where the kernel accepts them; ${owner}.`);
    if (settings.config.detect.includes('arp'))
      settings.tell('DETECT names arp, which the kernel sensor does not see: set SENSOR="packet" to log it.');
    return;
  }
  if (kernelSensor.table.isTaken && !options.dryRun) {
    const hint = 'end it, or give both modes to one process (-atcp -audp)';
    throw new CommandError(Exit.unavailable, `${failure}: ${hint}`);
  }
  if (sensor === 'kernel') {
    const hint = 'set SENSOR to "auto" or "packet"';
    throw new CommandError(Exit.unavailable, `the kernel sensor cannot run: ${failure}; ${hint}`);
  }
  const reason = `because the kernel sensor cannot run: ${failure}.`;
  choose(`The packet sensor watches captured frames, ${reason}`, ` ${PACKET_SENSOR_IS_WEAKER}`);
  await parts.openPacketHolds();
}

/** What the kernel sensor cannot do. */
function whyNot({ settings, options }: DaemonParts): string | null {
  const { interfaces } = settings.prepared;
  // Node cannot give up a capability. The process that decodes packets must not keep the one that changes the network.
  if (process.geteuid?.() !== 0)
    return 'only root may have a process that reads its reports and gives up CAP_NET_ADMIN (USER)';
  if (!options.serviceCheck)
    return '--disable-service-check watches ports in use, which the kernel leaves alone';
  if (!options.localCheck) return '--disable-local-check watches packets that the kernel drops';
  return interfaces.length > 0 && interfaces.every((name) => name === 'lo')
    ? 'it drops nothing on loopback, and no other interface is watched'
    : null;
}
