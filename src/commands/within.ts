/** Whether the promise resolves within this time. */
export async function resolvesWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const isDone = await Promise.race([promise.then(() => true), timeUp]);
  clearTimeout(timer);
  return isDone;
}
