import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const UNIT = 'packaging/systemd/portsentry.service';

function analyze(...words: string[]) {
  return spawnSync('systemd-analyze', words, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
}

describe('portsentry.service', () => {
  test('is a valid unit', () => {
    const { status, stdout, stderr } = analyze('verify', '--man=no', UNIT);
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  test('has an exposure level of 2.4 of 10 at most', () => {
    const { stdout } = analyze('security', '--offline=true', UNIT);
    const exposure = /Overall exposure level for portsentry\.service: ([\d.]+)/.exec(stdout)?.[1];
    expect(exposure).toBeDefined();
    expect(Number(exposure)).toBeLessThanOrEqual(2.4);
  });

  test('is not restarted after an error that would repeat', () => {
    const text = readFileSync(UNIT, 'utf8');
    expect(/^RestartPreventExitStatus=(.*)$/m.exec(text)?.[1]).toBe('64 66 77 78');
  });
});

test('the file of tmpfiles.d is valid', () => {
  const root = '--root=/nonexistent/portsentry';
  const { status, stderr } = spawnSync(
    'systemd-tmpfiles',
    ['--cat-config', root, 'packaging/systemd/portsentry.tmpfiles'],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
