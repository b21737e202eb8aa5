import type { SensorProcessStatus, SensorStatus } from '../control/status.ts';
import type { LedgerMethod } from '../ledger/entry.ts';
import type { RecordCheck } from '../sensor/record-check.ts';
import type { CoinTests } from '../track/coin-tests.ts';
import { readSmall } from '../watch/proc-net.ts';
import type { CaptureManager } from './capture-manager.ts';
import type { KernelSensor } from './kernel-sensor.ts';

/** What the packet sensor costs. */
export const PACKET_SENSOR_IS_WEAKER = 'A block then comes after the first answers (docs/detection.md).';

/** Methods that drop blocked sources before the kernel sensor, and report nothing of them. */
const SILENT_METHODS: ReadonlySet<LedgerMethod> = new Set<LedgerMethod>(['ipset', 'iptables']);

/** The bound of SO_RCVBUF, in octets. */
const BUFFER_LIMIT = '/proc/sys/net/core/rmem_max';

/** What the status of the sensor is made from. */
export interface SensorStatusParts {
  /** Which sensor watches and why; null where no mode needs one. */
  readonly choice: string | null;
  readonly kernelSensor: KernelSensor;
  readonly captureManager: Pick<CaptureManager, 'isWell' | 'process'>;
  readonly recordCheck: Pick<RecordCheck, 'refused' | 'retimed'>;
  readonly coinTests: CoinTests;
  /** How new blocks are put in force; null when none are. */
  readonly method: LedgerMethod;
}

/** What `status` and `doctor` show of the sensor. */
export async function sensorStatus({
  choice,
  kernelSensor,
  captureManager,
  recordCheck,
  coinTests,
  method,
}: SensorStatusParts): Promise<SensorStatus> {
  if (choice === null)
    return {
      name: 'none',
      why: 'the modes have sockets of their own',
      kernel: null,
      process: null,
      challenge: null,
    };
  const { refused, retimed } = recordCheck;
  const processOf = (sensor: Pick<CaptureManager, 'isWell' | 'process'>): SensorProcessStatus => ({
    isWell: sensor.isWell,
    ...sensor.process,
    refused,
    retimed,
  });
  if (!kernelSensor.isOpen)
    return { name: 'packet', why: choice, kernel: null, process: processOf(captureManager), challenge: null };
  const { table, group, isWell, plan } = kernelSensor;
  const [counts, held] = await Promise.all([kernelSensor.tableCounts(), table.heldSources()]);
  const kernel = {
    owned: table.isOwned,
    group,
    maxBufferBytes: Number(readSmall(BUFFER_LIMIT)) || null,
    isRead: isWell,
    held,
    heldPackets: counts.held,
    shed: counts.shed,
    reported: counts.reported,
    unreported: counts.unreported,
    lost: counts.lost,
    hearsBlocked: method === null || !SILENT_METHODS.has(method),
    silences: { tcp: plan.holdsTcp && plan.trigger === 0, udp: plan.holdsUdp && plan.trigger === 0 },
  };
  return {
    name: 'kernel',
    why: choice,
    kernel,
    process: processOf(kernelSensor),
    challenge: plan.challenges ? coinTests.counts : null,
  };
}
