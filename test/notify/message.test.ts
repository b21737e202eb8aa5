import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NOTIFY_FORMATS } from '../../src/config/config.ts';
import { postOf } from '../../src/notify/formats.ts';
import { Group } from '../../src/notify/group.ts';
import { messageOf } from '../../src/notify/message.ts';
import type { Notice } from '../../src/notify/notice.ts';
import { ownNotice } from '../../src/notify/notices.ts';
import { NOON } from '../record/given.ts';
import { notice, scan } from './given.ts';

const ORIGIN = { host: 'web1', version: '3.0.0' };

function message(...notices: Notice[]) {
  const group = new Group();
  for (const each of notices) group.add(each);
  return messageOf(group.take(), ORIGIN);
}

test('one scan is told as the log tells it', () => {
  const { title, text, level, fields } = message(scan());
  expect(title).toBe('portsentry on web1: 1 scan');
  expect(text).toMatch(
    /^2026-11-22 \d\d:\d\d Scan by 10\.99\.0\.1 ended: 412 probes to 397 ports in 3\.1 s \(SYN\), nmap-like, vertical; began [^;]+$/,
  );
  expect(level).toBe('warning');
  expect(fields).toMatchObject({
    title,
    message: text,
    level: 'warning',
    host: { name: 'web1' },
    observer: { product: 'portsentry', version: '3.0.0' },
    since: '2026-11-22T13:33:37.123Z',
    counts: { scan: 1 },
    probes: 412,
    left_out: 0,
    events: [
      {
        event: { action: 'scan', kind: 'alert' },
        source: { ip: '10.99.0.1' },
        portsentry: { evidence: 'repeated' },
      },
    ],
  });
});

test('many things are one message with a count of the rest', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => scan({ probes: index + 2 }));
  const { title, text, level } = message(
    ...many,
    ownNotice('breaker', NOON, 'a flood'),
    ownNotice('start', NOON, 'it started'),
  );
  expect(title).toBe('portsentry on web1: 1000 scans, flood, started');
  expect(text.split('\n')).toHaveLength(11);
  expect(text).toMatch(/\nand 992 more since [^;]+; 1000 scans of 501500 probes in all$/);
  expect(level).toBe('failure');
});

test('a start and a stop are no warning', () => {
  expect(message(ownNotice('start', NOON, 'it started')).level).toBe('info');
  expect(message(ownNotice('stop', NOON, 'it ends')).title).toBe('portsentry on web1: stopped');
});

const HOSTILE = fc.string({ unit: 'binary', maxLength: 3_000 });

test('whatever stands in a notice, a message is bounded, and no line of it or of a header is forged', () => {
  fc.assert(
    fc.property(fc.array(HOSTILE, { minLength: 1, maxLength: 12 }), HOSTILE, (texts, host) => {
      const group = new Group();
      for (const text of texts) group.add(notice({ text: () => text }));
      const made = messageOf(group.take(), { host, version: '3.0.0' });
      expect(made.text.split('\n').length).toBeLessThanOrEqual(11);
      expect(Buffer.byteLength(made.text)).toBeLessThan(4_096);
      for (const format of NOTIFY_FORMATS) {
        const { headers, body } = postOf(made, format);
        for (const value of Object.values(headers)) expect(value).toMatch(/^[\x20-\x7e]*$/);
        if (format !== 'ntfy') expect(JSON.parse(body)).toBeTypeOf('object');
      }
    }),
    { numRuns: 50 },
  );
});

test('each format has the fields that its receivers read', () => {
  const made = message(scan());
  expect(postOf(made, 'ntfy')).toEqual({
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      Title: 'portsentry on web1: 1 scan',
      Priority: '3',
      Tags: 'portsentry,mag',
    },
    body: made.text,
  });
  expect(JSON.parse(postOf(made, 'slack').body)).toEqual({
    text: `${made.title}\n${made.text}`,
    mrkdwn: false,
  });
  expect(JSON.parse(postOf(made, 'apprise').body)).toEqual({
    title: made.title,
    body: made.text,
    type: 'warning',
    format: 'text',
  });
  expect(JSON.parse(postOf(made, 'json').body)).toEqual(made.fields);
});

test('nothing in a text calls a channel of Slack or makes a link', () => {
  const { body } = postOf(message(notice({ text: () => '<!channel> <http://x|y> & z' })), 'slack');
  expect((JSON.parse(body) as { text: string }).text).toContain(
    '&lt;!channel&gt; &lt;http://x|y&gt; &amp; z',
  );
});
