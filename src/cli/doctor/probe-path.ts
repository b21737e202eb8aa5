import type { Status } from '../../control/status.ts';

/** A watched port that nobody uses. */
export type ProbePort = NonNullable<Status['probePort']>;

/** A way by which a probe comes to the daemon as if from outside, from an address that is nobody's. */
export interface ProbePath {
  /** As in `over NAME`. */
  readonly name: string;
  /** Where the probe comes from, as canonical text. */
  readonly source: string;
  /** The interface that was made for it and will be gone; null when there is none. */
  readonly device: string | null;
  /** Sends one probe, and does not wait for what comes of it. */
  send(port: ProbePort): void;
  /** Shuts the road, so that the daemon leaves it in peace. Never rejects. */
  retire(): Promise<void>;
  /** Takes everything away that was made for it. Never rejects. */
  close(): Promise<void>;
}
