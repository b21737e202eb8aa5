import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { NotifyConfig } from '../../src/notify/channel.ts';
import { Notifier } from '../../src/notify/notifier.ts';
import type { BlockEvent, UnblockEvent } from '../../src/respond/event.ts';
import { NOON, probeEvent, scanEvent, testFolder } from '../record/given.ts';
import { notifyConfig, receiver } from './given.ts';

function given(settings: Partial<NotifyConfig>) {
  let now = NOON;
  const told: string[] = [];
  const notifier = new Notifier(
    {
      origin: { host: 'h', version: '3.0.0' },
      now: () => now,
      toWall: (time) => time,
      tell: (text) => told.push(text),
    },
    notifyConfig(settings),
  );
  /** Lets time pass, in seconds. */
  const pass = (seconds: number, isOpen = false) => {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      notifier.tick(isOpen);
    }
  };
  return { notifier, told, pass };
}

const titles = (got: readonly { readonly body: string }[]) =>
  got.map(({ body }) => (JSON.parse(body) as { title: string }).title);

const FAILED = {
  ...probeEvent(),
  action: 'block-failed',
  target: '10.99.0.1',
  until: null,
  times: 0,
  method: 'none',
  steps: [],
  reason: 'nft: busy',
} satisfies BlockEvent;

test('scans, failed blocks, floods, the start and the stop are told; probes and single knocks are not', async () => {
  const { got, port } = await receiver();
  const { notifier, pass } = given({ notifyUrl: `http://127.0.0.1:${port}/` });
  notifier.daemon('start', 'it listens');
  pass(1);
  await vi.waitFor(() => expect(notifier.channels[0]?.sent).toBe(1));
  notifier.scan(scanEvent());
  notifier.scan(scanEvent({ probes: 1 }));
  notifier.scan(scanEvent({ triggered: false }));
  notifier.block(FAILED);
  notifier.block({ ...FAILED, action: 'block', reason: null });
  const lost = { how: 'failed', time: NOON, entry: ENTRY, rule: null, action: 'unblock' } as const;
  notifier.unblock(lost);
  notifier.unblock({ ...lost, how: 'expired' });
  pass(5, true);
  pass(60, false);
  await vi.waitFor(() => expect(notifier.channels[0]?.sent).toBe(2));
  notifier.daemon('stop', 'it ends');
  await notifier.close(5_000);
  expect(titles(got)).toEqual([
    'portsentry on h: started',
    'portsentry on h: 1 scan, 2 failed blocks, flood (2 messages)',
    'portsentry on h: stopped',
  ]);
  expect((JSON.parse(got[1]?.body ?? '') as { message: string }).message).toContain(
    '10.99.0.1 could not be blocked: nft: busy',
  );
});

const ENTRY: UnblockEvent['entry'] = {
  block: {
    target: '10.99.0.9',
    family: 4,
    since: NOON,
    until: null,
    cause: { mode: 'atcp', kind: 'syn', transport: 'tcp', port: 1, connects: 1, note: null },
  },
  method: 'nftables',
  times: 1,
  ended: null,
} as unknown as UnblockEvent['entry'];

test('a flood of scans is one message a minute', async () => {
  const { got, port } = await receiver();
  const { notifier, pass } = given({ notifyUrl: `http://127.0.0.1:${port}/` });
  const event = scanEvent();
  for (let second = 0; second < 130; second++) {
    for (let each = 0; each < 5_000; each++) notifier.scan(event);
    pass(1);
    await new Promise(setImmediate);
  }
  // A delivery takes no time of this clock, but some of the real one.
  await vi.waitFor(() => expect(got.length).toBeGreaterThan(0));
  pass(60);
  await vi.waitFor(() => expect(notifier.channels[0]?.waiting).toBe(0));
  expect(got.length).toBeLessThanOrEqual(4);
});

test('a reload goes over to another receiver with what waits, and drops one that is no longer named', async () => {
  const folder = testFolder();
  const first = await receiver((response) => response.writeHead(500).end());
  const second = await receiver();
  const { notifier, told, pass } = given({ notifyUrl: `http://127.0.0.1:${first.port}/` });
  notifier.scan(scanEvent());
  pass(1);
  await vi.waitFor(() => expect(told).toHaveLength(1));
  notifier.configure(
    notifyConfig({ notifyUrl: `http://127.0.0.1:${second.port}/`, notifyCommand: `cat > ${folder}/got` }),
  );
  notifier.scan(scanEvent({ source: '10.99.0.7' }));
  pass(61);
  await vi.waitFor(() => expect(titles(second.got)).toEqual(['portsentry on h: 2 scans']));
  await vi.waitFor(() => expect(readFileSync(join(folder, 'got'), 'utf8')).toContain('10.99.0.7'));
  expect(notifier.channels.map(({ channel, sent }) => [channel.name, sent])).toEqual([
    ['command', 1],
    ['url', 1],
  ]);
  notifier.configure(notifyConfig());
  expect(notifier.isUsed).toBe(false);
  notifier.scan(scanEvent());
  pass(61);
  expect(second.got).toHaveLength(1);
});

test('a test goes to all at once, beside the pace, and one at a time', async () => {
  const { got, port } = await receiver((response) => response.writeHead(500).end('no'));
  const { notifier } = given({
    notifyUrl: `http://127.0.0.1:${port}/x`,
    notifyCommand: 'exit 0',
    notifyFormat: 'slack',
  });
  const [tests, second] = await Promise.all([notifier.test(), notifier.test()]);
  expect(second).toBeNull();
  expect(tests).toEqual([
    {
      channel: 'command',
      to: 'NOTIFY_COMMAND',
      format: 'json',
      title: 'portsentry on h: a test message',
      delivered: true,
      answer: 'exit status 0',
      tookMs: 0,
    },
    {
      channel: 'url',
      to: `http://127.0.0.1:${port}/...`,
      format: 'slack',
      title: 'portsentry on h: a test message',
      delivered: false,
      answer: 'status 500: no',
      tookMs: 0,
    },
  ]);
  expect(got).toHaveLength(1);
});
