import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { channelsOf, type NotifyConfig, secretsTrouble } from '../../src/notify/channel.ts';
import { Group } from '../../src/notify/group.ts';
import { messageOf } from '../../src/notify/message.ts';
import { NOON, testFolder } from '../record/given.ts';
import { notice, notifyConfig, receiver } from './given.ts';

const OPTIONS = { signal: new AbortController().signal, now: NOON, version: '3.0.0' };

function message(text = 'a scan') {
  const group = new Group();
  group.add(notice({ text: () => text }));
  return messageOf(group.take(), { host: 'h', version: '3.0.0' });
}

function deliver(settings: Partial<NotifyConfig>, text?: string) {
  const [channel] = channelsOf(notifyConfig(settings));
  return channel?.deliver(message(text), OPTIONS);
}

describe('the command', () => {
  test('reads JSON, and no text of a notice gets into the shell', async () => {
    const folder = testFolder();
    const text = `'; touch ${folder}/evil; $(touch ${folder}/evil) \`touch ${folder}/evil\` #`;
    const outcome = await deliver({ notifyCommand: `cat > ${folder}/got` }, text);
    expect(outcome).toEqual({ isDelivered: true, answer: 'exit status 0', retryAfterMs: null });
    const got = readFileSync(join(folder, 'got'), 'utf8');
    expect(got.endsWith('}\n')).toBe(true);
    expect((JSON.parse(got) as { message: string }).message).toContain(text);
    expect(() => readFileSync(join(folder, 'evil'))).toThrow('ENOENT');
  });

  test.each([
    ['exit 3', 'exit status 3'],
    ['echo no route >&2; exit 1', 'exit status 1: no route'],
    ['/nonexistent/mailer', expect.stringContaining('exit status 127')],
    ['kill -9 $$', 'killed by SIGKILL'],
  ])('%s is a failure', async (notifyCommand, answer) => {
    expect(await deliver({ notifyCommand })).toMatchObject({ isDelivered: false, answer });
  });

  test('it need not read, and cannot say too much', async () => {
    expect(await deliver({ notifyCommand: 'exec <&-; exit 0' })).toMatchObject({ isDelivered: true });
    const outcome = await deliver({ notifyCommand: 'head -c 10000000 /dev/zero' });
    expect(outcome).toMatchObject({ isDelivered: true, answer: 'exit status 0, 4096 characters of output' });
  });

  test('it is ended after ACTION_TIMEOUT', async () => {
    const outcome = await deliver({ notifyCommand: 'sleep 60', actionTimeout: 200 });
    expect(outcome).toMatchObject({ isDelivered: false, answer: 'timed out after 0.2 s' });
  });
});

describe('the address', () => {
  /** A file with a secret in it. */
  function secret(text: string, mode = 0o600): string {
    const path = join(testFolder(), 'secret');
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  test.each([
    ['abc123', 'Bearer abc123'],
    ['Basic dXNlcjpwYXNz\n', 'Basic dXNlcjpwYXNz'],
  ])('the token %j is sent as %s, and read anew each time', async (text, authorization) => {
    const { got, port } = await receiver();
    const notifyTokenFile = secret('an older one');
    const [channel] = channelsOf(notifyConfig({ notifyUrl: `http://127.0.0.1:${port}/x`, notifyTokenFile }));
    writeFileSync(notifyTokenFile, text);
    await channel?.deliver(message(), OPTIONS);
    expect(got[0]?.headers.authorization).toBe(authorization);
  });

  test('it may stand in a file, and is not shown', async () => {
    const { got, port } = await receiver();
    const notifyUrlFile = secret(`http://127.0.0.1:${port}/hooks/s3cr3t\n`);
    const [channel] = channelsOf(notifyConfig({ notifyUrlFile }));
    expect(channel?.to()).toBe(`http://127.0.0.1:${port}/...`);
    expect(await channel?.deliver(message(), OPTIONS)).toMatchObject({ isDelivered: true });
    expect(got[0]?.url).toBe('/hooks/s3cr3t');
    writeFileSync(notifyUrlFile, 'ftp://x');
    expect(channel?.to()).toBe(`the address in ${notifyUrlFile}`);
    expect(await channel?.deliver(message(), OPTIONS)).toMatchObject({
      isDelivered: false,
      answer: `${notifyUrlFile}: expected an address that begins with https:// or http://, found something else`,
    });
  });

  test('a user and a password in it are sent as such, and not shown', async () => {
    const { got, port } = await receiver((response) => response.writeHead(401).end('password: hunter22'));
    const [channel] = channelsOf(
      notifyConfig({ notifyUrlFile: secret(`http://admin:hunter22@127.0.0.1:${port}/`) }),
    );
    expect(await channel?.deliver(message(), OPTIONS)).toMatchObject({ answer: 'status 401: password: ***' });
    expect(got[0]?.headers.authorization).toBe(`Basic ${Buffer.from('admin:hunter22').toString('base64')}`);
    expect(channel?.to()).toBe(`http://127.0.0.1:${port}`);
  });

  test('without its secrets nothing is sent', async () => {
    const { got, port } = await receiver();
    const notifyTokenFile = secret('abc', 0o644);
    const settings = notifyConfig({ notifyUrl: `http://127.0.0.1:${port}/`, notifyTokenFile });
    const trouble = `${notifyTokenFile}: others may read or write it: chmod 600 ${notifyTokenFile}`;
    expect(await deliver(settings)).toMatchObject({ isDelivered: false, answer: trouble });
    expect(secretsTrouble(settings)).toBe(trouble);
    expect(secretsTrouble(notifyConfig({ notifyTokenFile })), 'nobody needs it').toBeNull();
    expect(got).toEqual([]);
  });
});
