/** How the delivery of a message ended. */
export interface Outcome {
  readonly isDelivered: boolean;
  /** What the receiver answered, or why there is no answer; one line without secrets. */
  readonly answer: string;
  /** How long the receiver asks us to wait, in ms; null when it does not. */
  readonly retryAfterMs: number | null;
}

/** A delivery that failed. */
export function failed(answer: string, retryAfterMs: number | null = null): Outcome {
  return { isDelivered: false, answer, retryAfterMs };
}
