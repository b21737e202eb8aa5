import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PROGRAM } from './detector.ts';

const CAPTURES = resolve('fixtures/captures');

/** The names of all fixture captures. */
export const CAPTURE_NAMES: readonly string[] = readdirSync(CAPTURES)
  .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))
  .sort();

export function capturePath(name: string): string {
  return join(CAPTURES, name);
}

/** What a replay of a fixture must print, word for word. */
export function goldenPath(name: string): string {
  return join(resolve('fixtures/golden'), `${name}.json`);
}

export interface Replay {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const replays = new Map<string, Replay>();

/** Replays a fixture by the built program, with everything watched on the victim's addresses; once for all who ask. */
export function replayFixture(name: string): Replay {
  const replay = replays.get(name) ?? runReplay(name);
  replays.set(name, replay);
  return replay;
}

function runReplay(name: string): Replay {
  const options = ['--configfile', 'fixtures/conf/replay.conf', '--home', '10.99.0.2,fd99::2,127.0.0.1'];
  return spawnSync(process.execPath, [PROGRAM, 'replay', ...options, '--format', 'json', capturePath(name)], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
}
