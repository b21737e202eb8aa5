import { spawnSync } from 'node:child_process';

/** The median. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs a program to its end. Returns its wall time in ms and its standard error. Throws if it fails. */
export function timeCommand(command: string, args: readonly string[]): { ms: number; stderr: string } {
  const begun = performance.now();
  const { status, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ms = performance.now() - begun;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return { ms, stderr };
}

/** A rate or a ratio for people. */
export function shown(value: number): string {
  return value >= 1000 ? `${(value / 1e6).toFixed(2)} M/s` : value.toFixed(2);
}
