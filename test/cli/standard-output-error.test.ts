import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { UNBUNDLED } from '../support/detector.ts';

const CAPTURE = 'fixtures/captures/nmap-sS.pcap';

function run(command: string) {
  const script = `set -o pipefail; ${command}`;
  const env = { ...process.env, NODE: process.execPath, PROGRAM: UNBUNDLED };
  const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env });
  return { status, stderr };
}

test.each([
  'report',
  'report --json',
  'report --html -',
  'replay --no-summary',
  'replay',
  'replay --format json',
])('%s to a full disk says so', (words) => {
  const { status, stderr } = run(`"$NODE" "$PROGRAM" ${words} ${CAPTURE} > /dev/full`);
  expect(status).toBe(74);
  expect(stderr).toBe('portsentry: standard output: no space left on device\n');
});

test.each(['report', 'replay --format json'])('%s to a closed pipe says nothing', (words) => {
  expect(run(`"$NODE" "$PROGRAM" ${words} ${CAPTURE} | true`)).toEqual({ status: 0, stderr: '' });
});
