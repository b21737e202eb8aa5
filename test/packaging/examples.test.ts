import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Group } from '../../src/notify/group.ts';
import { messageOf } from '../../src/notify/message.ts';
import { notice, scan } from '../notify/given.ts';
import { mailServer } from './given.ts';

const NOTIFY_MAIL = 'packaging/examples/notify-mail';

function message(text: string): string {
  const group = new Group();
  group.add(scan());
  group.add(notice({ text: () => text }));
  return JSON.stringify(messageOf(group.take(), { host: 'web1', version: '3.0.0' }).fields);
}

test('notify-mail gives the mail to sendmail, and no text becomes a header or a command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-mail-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const sendmail = join(folder, 'sendmail');
  writeFileSync(sendmail, `#!/bin/sh\nprintf '%s\\n' "$@" > ${folder}/arguments; cat > ${folder}/mail\n`);
  chmodSync(sendmail, 0o755);
  const hostile = '\nBcc: evil@example.org\n\n$(touch /evil) `touch /evil` %s \\n';
  execFileSync(NOTIFY_MAIL, ['admin@example.org'], {
    input: message(hostile),
    env: { ...process.env, SENDMAIL: sendmail },
  });
  expect(readFileSync(join(folder, 'arguments'), 'utf8')).toBe('-i\n--\nadmin@example.org\n');
  const [head = '', body = ''] = readFileSync(join(folder, 'mail'), 'utf8').split(/\n\n(.*)/s);
  expect(head.split('\n').map((line) => line.split(':')[0])).toEqual([
    'From',
    'To',
    'Subject',
    'Auto-Submitted',
    'MIME-Version',
    'Content-Type',
    'Content-Transfer-Encoding',
  ]);
  expect(head).toContain('\nTo: admin@example.org\nSubject: portsentry on web1: 2 scans\n');
  expect(body).toContain('Scan by 10.99.0.1 ended: 412 probes');
  expect(body).toContain('?Bcc: evil@example.org??$(touch /evil) `touch /evil` %s \\n');
});

test('where no program may change its group, as under the systemd unit, curl gives it to the mail server', async () => {
  const { said, url } = await mailServer();
  const env = { ...process.env, SMTP: url, SENDMAIL: '/bin/false' };
  const mail = spawn('setpriv', ['--no-new-privs', NOTIFY_MAIL], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  mail.stdin.end(message('a scan'));
  const [status] = await once(mail, 'exit');
  expect(status).toBe(0);
  expect(said).toEqual(
    expect.arrayContaining(['MAIL FROM:<root>', 'RCPT TO:<root>', 'Subject: portsentry on web1: 2 scans']),
  );
});
