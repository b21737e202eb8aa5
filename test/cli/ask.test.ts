import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findSocket } from '../../src/cli/ask.ts';
import { runStatus } from '../../src/cli/status.ts';
import { RawClient, serve, testFolder } from '../control/given.ts';
import { configFile, run } from './given.ts';

const status = (configfile: string) =>
  run(configfile, (options, output) => runStatus({ ...options, json: true }, output));

/** The socket that is found, and the messages about it. */
function find(configfile: string | undefined, usual?: string) {
  let stderr = '';
  const appendStderr = (text: string) => {
    stderr += text;
  };
  return { ...findSocket(configfile, { stderr: appendStderr }, usual), stderr };
}

describe('the socket', () => {
  test('is CONTROL_SOCKET of the file', () => {
    const file = configFile('CONTROL_SOCKET="/x/y.sock"');
    expect(find(file)).toEqual({ path: '/x/y.sock', setting: `CONTROL_SOCKET in ${file}`, stderr: '' });
    expect(find(undefined, file).path).toBe('/x/y.sock');
  });

  test('is the default when the file does not set it or is missing', () => {
    const usual = {
      path: '/run/portsentry/portsentry.sock',
      setting: 'the default of CONTROL_SOCKET',
      stderr: '',
    };
    expect(find(configFile('BLOCK_TCP="0"'))).toEqual(usual);
    expect(find(undefined, '/nonexistent/portsentry.conf')).toEqual(usual);
  });

  test('is found in a file with errors, which are reported', () => {
    const file = configFile('BLOCK_TCP="7"', 'CONTROL_SOCKET="/x/y.sock"');
    const stderr = `portsentry: ${file} has errors (see portsentry check); only CONTROL_SOCKET was read\n`;
    expect(find(file)).toEqual({ path: '/x/y.sock', setting: `CONTROL_SOCKET in ${file}`, stderr });
    const other = configFile('BLOCK_TCP="7"');
    expect(find(other)).toMatchObject({ path: '/run/portsentry/portsentry.sock', stderr: /has errors/ });
  });

  test.each([
    ['of a missing file', () => join(testFolder(), 'none'), 66, /none: no such file; name one with -c/],
    ['of a folder', () => testFolder(), 66, /a folder, not a file/],
    [
      'with an empty path',
      () => configFile('CONTROL_SOCKET=""'),
      78,
      /CONTROL_SOCKET in .*: expected a path, found nothing/,
    ],
  ])('%s is an error', async (_what, file, exit, error) => {
    expect(await status(file())).toMatchObject({ exit, error: expect.stringMatching(error) });
  });
});

describe('a missing answer gives one line and an exit code', () => {
  test('when no daemon runs', async () => {
    const path = join(testFolder(), 's');
    const file = configFile(`CONTROL_SOCKET="${path}"`);
    expect(await status(file)).toMatchObject({
      exit: 69,
      stdout: '',
      error: `no portsentry answers on ${path}: is it running? (CONTROL_SOCKET in ${file})`,
    });
  });

  test.skipIf(process.getuid?.() !== 0)('without permission', async () => {
    const { path } = await serve();
    const file = configFile(`CONTROL_SOCKET="${path}"`);
    for (const folder of [join(path, '../..'), join(file, '..')]) chmodSync(folder, 0o755);
    process.seteuid?.('nobody');
    onTestFinished(() => process.seteuid?.(0));
    expect(await status(file)).toMatchObject({ exit: 77, error: `${path}: no permission: run it as root` });
  });

  test('with too many clients', async () => {
    const { path } = await serve();
    for (let count = 0; count < 16; count++) new RawClient(path);
    expect(await status(configFile(`CONTROL_SOCKET="${path}"`))).toMatchObject({
      exit: 69,
      error: '16 clients are being served: try again',
    });
  });
});
