import type { Status } from '../../control/status.ts';

/** A watched port that no service uses. */
export type ProbePort = NonNullable<Status['probePort']>;

/** What came back to a probe: nothing, a refusal (RST or an ICMP error), or a connection. */
export type ProbeOutcome = 'silent' | 'refused' | 'connected';

/** A path on which a probe reaches the daemon as if from outside, from an address that no host owns. */
export interface ProbePath {
  /** Completes `a probe over ...`. */
  readonly name: string;
  /** The source address of the probe, as canonical text. */
  readonly source: string;
  /** The temporary interface of this path; null when there is none. */
  readonly device: string | null;
  /** Sends one probe. Resolves when an answer has come, or was due and has not; never rejects. */
  send(port: ProbePort): Promise<ProbeOutcome>;
  /** Takes the addresses off the interface, so that the daemon stops capturing on it. Never rejects. */
  retire(): Promise<void>;
  /** Removes everything that this path created. Never rejects. */
  close(): Promise<void>;
}
