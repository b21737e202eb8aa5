import type { ReplayOptions } from '../../src/cli/invocation.ts';
import { runReplay } from '../../src/cli/replay.ts';

/** Everything watched, on the victim's addresses of the fixtures. */
export const FIXTURE_OPTIONS = {
  configfile: 'fixtures/conf/replay.conf',
  home: '10.99.0.2,fd99::2,127.0.0.1',
} as const;

/** Replays captures in this process with a salt. Returns the exit code and what was printed. */
export async function replayWith(
  salt: number,
  files: readonly string[],
  options: Partial<ReplayOptions> = {},
): Promise<{ exit: number; lines: string[] }> {
  const lines: string[] = [];
  const output = { line: (text: string) => void lines.push(text), flush: () => {} };
  const all: ReplayOptions = {
    files,
    configfile: undefined,
    mode: [],
    home: undefined,
    open: undefined,
    inferOpen: true,
    checksum: true,
    format: 'json',
    summary: 'none',
    top: 10,
    time: true,
    localCheck: true,
    since: undefined,
    until: undefined,
    port: undefined,
    source: undefined,
    extract: undefined,
    act: false,
    ...options,
  };
  return { exit: await runReplay(all, output, salt), lines };
}
