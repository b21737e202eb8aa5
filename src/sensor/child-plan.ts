/** How to open one device. */
interface DevicePlan {
  readonly name: string;
  readonly filter: string;
  readonly ringBytes: number;
}

/** The user that the sensor becomes after it has opened its devices. */
export interface SensorAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** What the sensor captures; the main process writes it as one line of JSON to the standard input of the sensor. */
export interface ChildPlan {
  readonly devices: readonly DevicePlan[];
  /** What the daemon's clock is ahead of CLOCK_MONOTONIC (ms): the times of records are of the daemon's clock. */
  readonly clockBaseMs: number;
  /** The group of the kernel's reports, which stands in the place of devices; null for the packet sensor. */
  readonly group: number | null;
  /** Given up root for; null where the main process is not root. */
  readonly account: SensorAccount | null;
}

/** What to capture; the sensor's account is added when its process starts. */
export type CapturePlan = Omit<ChildPlan, 'account'>;

/** The file descriptor of the sensor's pipe to the main process. */
export const RECORDS_FD = 3;

/** Exit codes of the sensor (sysexits.h): a device could not be opened; it is not permitted to. */
export const EXIT_UNAVAILABLE = 69;
export const EXIT_NO_PERMISSION = 77;

/** What the kernel keeps of reports that nobody has read, if net.core.rmem_max allows it: 30,000 of a flood of SYNs. */
export const REPORT_BUFFER_BYTES = 4 * 1024 * 1024;

/** Parses a plan. It needs no check, because the main process wrote it. */
export function parseChildPlan(line: string): ChildPlan {
  return JSON.parse(line) as ChildPlan;
}
