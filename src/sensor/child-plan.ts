/** How to open one device. */
interface DevicePlan {
  readonly name: string;
  readonly filter: string;
  /** Octets of its ring. */
  readonly ringBytes: number;
}

/** What the main process tells the capture child, as one line of JSON on its standard input. */
export interface ChildPlan {
  readonly devices: readonly DevicePlan[];
}

/** The file descriptor of the child's pipe to the main process. */
export const HANDOVER_FD = 3;

/** The user, and group, of nobody on every Linux; root is given up for it. */
export const NOBODY = 65_534;

/** Exit codes of the child (sysexits.h): a device could not be opened; not allowed to. */
export const EXIT_UNAVAILABLE = 69;
export const EXIT_NO_PERMISSION = 77;

/** Reads a plan from its line; our own parent wrote it. */
export function parseChildPlan(line: string): ChildPlan {
  return JSON.parse(line) as ChildPlan;
}
