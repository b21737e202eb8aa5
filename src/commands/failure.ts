/** null on success, else the reason for the failure in one line. */
export type Failure = string | null;

/** Throws an error with this reason; null throws nothing. */
export function throwOn(failure: Failure): void {
  if (failure !== null) throw new Error(failure);
}

/** Resolves to null when the task does, else to the message of the error that it rejects with. */
export function failureOf(task: Promise<unknown>): Promise<Failure> {
  return task.then(
    () => null,
    (error: Error) => error.message,
  );
}
