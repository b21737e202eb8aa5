import { execFileSync } from 'node:child_process';

/** Runs this while no file may grow beyond the limit, so that a write fails half-way as on a full disk. */
export async function withFileSizeLimit<T>(limitBytes: number, run: () => Promise<T>): Promise<T> {
  const setLimit = (limit: string) =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${limit}:`]);
  const ignore = () => {};
  process.on('SIGXFSZ', ignore);
  setLimit(`${limitBytes}`);
  try {
    return await run();
  } finally {
    setLimit('unlimited');
    process.off('SIGXFSZ', ignore);
  }
}
