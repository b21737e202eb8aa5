import { onTestFinished, vi } from 'vitest';

/**
 * Until the test ends, timers fire only when it lets time pass (`vi.advanceTimersByTime`). Files, sockets and processes
 * go on as ever, and so do `socket.setTimeout` and `eventually`.
 */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}
