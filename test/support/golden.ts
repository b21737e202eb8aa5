import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PROGRAM } from './detector.ts';

const CAPTURES = resolve('fixtures/captures');

/** The names of all fixture captures. */
export const CAPTURE_NAMES: readonly string[] = readdirSync(CAPTURES)
  .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))
  .sort();

/** The path of a fixture capture, as the golden texts have it: relative to the project's folder. */
export function relativePath(name: string): string {
  return join('fixtures/captures', name);
}

/** The path of a fixture capture. */
export function capturePath(name: string): string {
  return join(CAPTURES, name);
}

/** The file that holds the output of a replay, word for word. */
export function goldenPath(name: string): string {
  return join(resolve('fixtures/golden'), `${name}.json`);
}

/** How a replay ended. */
export interface Replay {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const replays = new Map<string, Replay>();

/** Replays a fixture with the program of packages, all ports of the victim's addresses watched. Each fixture is replayed once. */
export function replayFixture(name: string): Replay {
  const replay = replays.get(name) ?? runReplay(name);
  replays.set(name, replay);
  return replay;
}

function runReplay(name: string): Replay {
  const options = ['--configfile', 'fixtures/conf/replay.conf', '--home', '10.99.0.2,fd99::2,127.0.0.1'];
  return spawnSync(
    process.execPath,
    [PROGRAM, 'replay', ...options, '--format', 'json', relativePath(name)],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
}
