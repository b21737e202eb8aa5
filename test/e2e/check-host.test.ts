import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONFIG_FILE, PROGRAM, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';

/** `check` foresees what keeps a start on this host from working: it and the start say the same, in the same words. */

let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ name: 'foresee' });
  const script = `
    mkdir -p /run/ro && mount -t tmpfs tmpfs /run/ro && mkdir /run/ro/folder && touch /run/ro/file
    mount -o remount,ro /run/ro
    mkdir -p /run/full && mount -t tmpfs -o size=4k tmpfs /run/full && head -c 4096 /dev/zero > /run/full/all`;
  expect(await lab.run(lab.victim, ['sh', '-c', script])).toMatchObject({ code: 0 });
});
afterAll(() => lab?.close());

const portsentry = (...args: string[]) => lab.run(lab.victim, [process.execPath, PROGRAM, ...args]);

function configure(...lines: string[]): void {
  const defaults = ['IGNORE_FILE=""', 'STATE_DIR="/run/state"', 'CONTROL_SOCKET="/run/ps/sock"'];
  const keys = lines.map((line) => line.split('=')[0]);
  const others = defaults.filter((line) => !keys.includes(line.split('=')[0]));
  writeFile(lab.victim, CONFIG_FILE, `${[...lines, ...others].join('\n')}\n`);
}

test.each([
  ['HISTORY_FILE="/run/ro/h"', '/run/ro is on a read-only file system; name another file'],
  ['HISTORY_FILE="/run/ro/file"', '/run/ro/file is on a read-only file system; name another file'],
  ['HISTORY_FILE="/run/ro"', '/run/ro is a folder; name another file'],
  [
    'HISTORY_FILE="/run/none/h"',
    'expected the folder /run/none to exist, found none; make it or name another',
  ],
  ['BLOCKED_FILE="/run/ro/b"', '/run/ro is on a read-only file system; name another file'],
  ['EVENT_FILE="/run/ro/e"', '/run/ro is on a read-only file system; name another file'],
  ['CONTROL_SOCKET="/run/ro/s"', '/run/ro is on a read-only file system; name another path'],
  ['CONTROL_SOCKET="/run/ro/file/s"', '/run/ro/file is no folder; name another path'],
])('%s keeps a start from working', async (line, trouble) => {
  configure(line);
  const key = line.split('=')[0] as string;
  const finding = `${CONFIG_FILE}:1:${key.length + 3}: error: ${key}: ${trouble}`;
  const checked = await portsentry('check', '-stcp');
  expect(checked.code).toBe(78);
  expect(checked.stdout.split('\n')).toContain(finding);
  const started = await portsentry('-stcp', '-l', 'stdout');
  expect(started).toMatchObject({ code: 78, stderr: `portsentry: ${finding}\n` });
});

test('a read-only STATE_DIR is a warning, and the start goes on', async () => {
  configure('STATE_DIR="/run/ro/state"');
  const warning = `${CONFIG_FILE}:1:12: warning: STATE_DIR: /run/ro is on a read-only file system; no block outlasts a restart`;
  expect(await portsentry('check')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`${warning}\n`),
  });
  const daemon = await lab.start(lab.victim, [process.execPath, PROGRAM, '-stcp', '-l', 'stdout']);
  await daemon.waitForLine(/is now active and listening/);
  expect(daemon.lines()).toContain(`adminalert: ${warning}`);
  const unlocked = 'STATE_DIR /run/ro/state is not locked against another portsentry: read-only file system.';
  expect(daemon.lines()).toContain(`adminalert: ${unlocked}`);
  await daemon.stop();
});

test('a full disk is a warning: nobody goes unwatched for it', async () => {
  configure('EVENT_FILE="/run/full/e"', 'STATE_DIR="/run/full"');
  const { code, stdout } = await portsentry('check');
  expect(code).toBe(0);
  expect(stdout).toContain(
    ':1:13: warning: EVENT_FILE: the disk of /run/full is full, so lines may be lost\n',
  );
  expect(stdout).toContain(
    ':2:12: warning: STATE_DIR: the disk of /run/full is full; no block outlasts a restart\n',
  );
});

test('what the service starts is told, and its modes decide which values must be right', async () => {
  configure('TCP_PORTS="http"', 'HISTORY_FILE=""', 'BLOCKED_FILE=""');
  expect(await portsentry('check')).toMatchObject({ code: 0 });
  writeFile(lab.victim, '/etc/default/portsentry', 'TCP_MODE="stcp"\nUDP_MODE=""\n');
  expect(await portsentry('check')).toMatchObject({ code: 78 });
  const { code, stdout } = await portsentry('check', '-atcp');
  expect(code).toBe(0);
  expect(stdout).toContain('(started: the command line)');
  configure('TCP_PORTS="1"');
  expect((await portsentry('check')).stdout).toContain(
    '    -stcp watches the ports of TCP_PORTS (1) (started: /etc/default/portsentry)\n',
  );
});
