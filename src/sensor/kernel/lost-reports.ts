/**
 * Reports that may be on their way when many come: in the kernel's buffer, in what waits in the sensor's process for the
 * main process, and in the pipe between them.
 */
const MAX_UNREAD = 150_000;

/**
 * Tells lost reports from those that are on their way. The table counts what was reported, and what was read is known; what
 * lies between is lost for sure only when nothing moves anymore, or when it is more than can be on its way.
 */
export class LostReports {
  #lost = 0;
  #reported = 0;
  #read = 0;

  /** How many reports were lost, by the last look. */
  get count(): number {
    return this.#lost;
  }

  /**
   * Takes what was reported and what was read since the start. Looks must be seconds apart, so that what is on its way
   * moves between them.
   */
  look(reported: number, read: number): void {
    const missing = Math.max(0, reported - read);
    const stands = reported === this.#reported && read === this.#read;
    const lost = stands ? missing : missing - MAX_UNREAD;
    // A sensor that was slower than that has read it after all.
    this.#lost = Math.min(missing, Math.max(this.#lost, lost));
    this.#reported = reported;
    this.#read = read;
  }
}
