import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import type { Modes } from '../../src/config/modes.ts';
import type { KernelSensor } from '../../src/daemon/kernel-sensor.ts';
import type { Settings } from '../../src/daemon/settings.ts';
import { warnOfNoChallenge } from '../../src/daemon/start-sensor.ts';
import { WatchedPorts } from '../../src/watch/watched-ports.ts';
import { configWith } from '../respond/given.ts';

const ADVANCED: Modes = { tcp: 'atcp', udp: 'audp' };

/** What is said of CHALLENGE at a start, or at a reload that sets it. */
function told(fields: Partial<Config>, isOpen: boolean, modes = ADVANCED): string[] {
  const config = configWith({ challenge: true, ...fields });
  const lines: string[] = [];
  const tell = (text: string) => lines.push(text);
  const settings = { config, watched: new WatchedPorts(config, modes), tell } as unknown as Settings;
  warnOfNoChallenge({ settings, kernelSensor: { isOpen } as KernelSensor });
  return lines;
}

test.each<[string, string[]]>([
  ['with the kernel sensor in the mode atcp', told({}, true)],
  ['that nobody set', told({ challenge: false }, false)],
  // The check of the configuration has said so.
  ['with SENSOR="packet"', told({ sensor: 'packet' }, false)],
])('nothing is said of a CHALLENGE %s', (_what, lines) => {
  expect(lines).toEqual([]);
});

test.each<[string, string[]]>([
  ['where the host cannot have the kernel sensor', told({}, false)],
  ['in the mode tcp, whose ports are not idle', told({}, true, { tcp: 'tcp', udp: 'audp' })],
  ['where no TCP port is watched', told({}, true, { tcp: null, udp: 'audp' })],
])('CHALLENGE has no effect, and that is said: %s', (_what, lines) => {
  expect(lines).toEqual([
    'CHALLENGE="1" has no effect: it needs the kernel sensor, with a mode that watches idle TCP ports.',
  ]);
});
