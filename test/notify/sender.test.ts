import { describe, expect, test } from 'vitest';
import type { Channel } from '../../src/notify/channel.ts';
import { Group } from '../../src/notify/group.ts';
import { type Message, messageOf } from '../../src/notify/message.ts';
import { ownNotice } from '../../src/notify/notices.ts';
import { failed, type Outcome } from '../../src/notify/outcome.ts';
import { PACE_MS, Sender, type SenderParts } from '../../src/notify/sender.ts';
import { notice } from './given.ts';

const OK: Outcome = { isDelivered: true, answer: 'ok', retryAfterMs: null };

/** A sender whose clock stands still between the seconds of `pass`, and a channel that answers with `outcomes` in turn. */
function given(outcomes: (Outcome | 'hangs')[] = [], more: Partial<SenderParts> = {}) {
  let now = 1_000_000;
  const sent: { at: number; message: Message }[] = [];
  const told: string[] = [];
  const channel: Channel = {
    name: 'url',
    key: 'one',
    to: () => 'https://receiver',
    format: 'json',
    prepare: async () => {},
    deliver(message, { signal }) {
      sent.push({ at: now, message });
      const outcome = outcomes.shift() ?? OK;
      if (outcome !== 'hangs') return Promise.resolve(outcome);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(failed('ended'))));
    },
  };
  const parts = {
    origin: { host: 'h', version: '3' },
    now: () => now,
    toWall: (time: number) => time,
    ...more,
  };
  const sender = new Sender({ ...parts, channel, tell: (text) => told.push(text) });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      sender.tick();
      await new Promise(setImmediate);
    }
  };
  const times = () => sent.map(({ at }) => (at - 1_000_000) / 1_000);
  return { sender, sent, told, pass, times, channel };
}

describe('the pace', () => {
  test('what happens first is told at once, what comes within a minute together', async () => {
    const { sender, sent, pass, times } = given();
    sender.add(notice());
    await pass(1);
    for (let second = 0; second < 100; second++) {
      sender.add(notice());
      await pass(1);
    }
    expect(times()).toEqual([1, 61]);
    expect(sent.map(({ message }) => message.title)).toEqual([
      'portsentry on h: 1 scan',
      'portsentry on h: 60 scans',
    ]);
    await pass(60);
    expect(times()).toEqual([1, 61, 121]);
    expect(sent[2]?.message.title).toBe('portsentry on h: 40 scans');
    await pass(300);
    expect(times(), 'nothing more happened').toHaveLength(3);
  });

  test('it outlasts a restart', async () => {
    const noted: number[] = [];
    const pace = { last: 1_000_000 - 20_000, note: (time: number) => noted.push(time) };
    const { sender, pass, times } = given([], { pace });
    sender.add(notice());
    await pass(60);
    expect(times()).toEqual([40]);
    expect(noted).toEqual([1_040_000]);
  });

  test.each([1_000_000 - PACE_MS, 1_000_001, null])('a last message at %s delays none', async (last) => {
    const { sender, pass, times } = given([], { pace: { last, note: () => {} } });
    sender.add(notice());
    await pass(2);
    expect(times()).toEqual([1]);
  });
});

describe('a receiver that fails', () => {
  test('is tried again after growing pauses, with all that came meanwhile', async () => {
    const { sender, sent, told, pass, times } = given([
      failed('status 500'),
      failed('status 500'),
      failed('status 500'),
    ]);
    sender.add(notice());
    await pass(1);
    sender.add(notice());
    await pass(200);
    expect(times()).toEqual([1, 16, 46, 106]);
    expect(sent.at(-1)?.message.title).toBe('portsentry on h: 2 scans');
    expect(told).toEqual([
      'A notification did not reach https://receiver: status 500; it is tried again.',
      'Notifications reach https://receiver again, after 3 attempts that failed.',
    ]);
    expect(sender.state).toMatchObject({ sent: 1, failed: 3, failures: 0, failure: null, waiting: 0 });
    sender.add(notice());
    await pass(59);
    expect(times(), 'a minute lies between two messages').toHaveLength(5);
  });

  test('is asked no sooner than it wants', async () => {
    const { sender, pass, times } = given([failed('status 429', 120_000)]);
    sender.add(notice());
    await pass(150);
    expect(times()).toEqual([1, 121]);
  });

  test('is asked every quarter of an hour in the end, and what waits stays bounded', async () => {
    const { sender, pass, times } = given(Array.from({ length: 100 }, () => failed('status 500')));
    for (let second = 0; second < 4 * 3_600; second++) {
      for (let each = 0; each < 3; each++) sender.add(notice());
      await pass(1);
    }
    expect(
      times()
        .slice(-3)
        .map((at, index, all) => at - (all[index - 1] ?? at)),
    ).toEqual([0, 900, 900]);
    expect(sender.state.waiting).toBe(3 * 4 * 3_600);
  });

  test('another one is tried at once after a reload, the same one is not', async () => {
    const { sender, channel, pass, times } = given(Array.from({ length: 8 }, () => failed('status 404')));
    sender.add(notice());
    await pass(700);
    const before = times().length;
    sender.configure({ ...channel });
    await pass(60);
    expect(times()).toHaveLength(before);
    sender.configure({ ...channel, key: 'two' });
    await pass(1);
    expect(times()).toHaveLength(before + 1);
  });
});

describe('a test', () => {
  const message = () => {
    const group = new Group();
    group.add(notice());
    return messageOf(group.take(), { host: 'h', version: '3' });
  };

  test('that failed is remembered until something arrives, and delays nothing', async () => {
    const { sender, told, pass, times } = given([failed('status 401')]);
    await sender.try(message());
    expect(sender.state).toMatchObject({ sent: 0, failed: 1, failures: 1, failure: 'status 401' });
    sender.add(notice());
    await pass(1);
    expect(times()).toEqual([0, 1]);
    expect(sender.state).toMatchObject({ sent: 1, failures: 0, failure: null });
    expect(told).toEqual([]);
  });

  test('that arrives ends a failure', async () => {
    const { sender, told, pass } = given([failed('status 500')]);
    sender.add(notice());
    await pass(1);
    await sender.try(message());
    expect(sender.state).toMatchObject({ sent: 1, failed: 1, failures: 0, failure: null });
    expect(told.at(-1)).toBe('Notifications reach https://receiver again, after one attempt that failed.');
  });

  test('that failed says nothing of another receiver', async () => {
    const { sender, channel } = given([failed('status 401')]);
    await sender.try(message());
    sender.configure({ ...channel, key: 'two' });
    expect(sender.state).toMatchObject({ failures: 0, failure: null });
  });
});

describe('the end', () => {
  test('sends what waits, whatever the minute', async () => {
    const { sender, sent, pass } = given();
    sender.add(notice());
    await pass(2);
    sender.add(ownNotice('stop', 0, 'bye'));
    await sender.close(1_000);
    expect(sent.map(({ message }) => message.title)).toEqual([
      'portsentry on h: 1 scan',
      'portsentry on h: stopped',
    ]);
  });

  test('takes a bounded time when the receiver hangs, and tells all in the last message', async () => {
    const { sender, sent, pass } = given(['hangs', 'hangs']);
    sender.add(notice());
    await pass(1);
    sender.add(ownNotice('stop', 0, 'bye'));
    const begun = performance.now();
    await sender.close(200);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(sent.map(({ message }) => message.title)).toEqual([
      'portsentry on h: 1 scan',
      'portsentry on h: 1 scan, stopped',
    ]);
  });

  test('tells in one line what is lost, and why', async () => {
    const { sender, told, pass } = given([failed('status 500'), failed('status 502')]);
    sender.add(notice());
    await pass(1);
    sender.add(notice());
    sender.add(ownNotice('stop', 0, 'bye'));
    await sender.close(1_000);
    expect(told.slice(1)).toEqual(['3 notices did not reach https://receiver: status 502.']);
  });

  test('tells of a message that gets no answer in time, also when its delivery does not end', async () => {
    for (const ends of [true, false]) {
      const { sender, told, channel } = given(['hangs']);
      if (!ends) channel.deliver = () => new Promise(() => {});
      sender.add(ownNotice('stop', 0, 'bye'));
      await sender.close(100);
      expect(told).toEqual(['One notice did not reach https://receiver: no answer before the end.']);
    }
  });

  test('tells of no loss when all was delivered', async () => {
    const { sender, told } = given();
    sender.add(notice());
    await sender.close(1_000);
    expect(told).toEqual([]);
  });

  test('sends nothing when nothing waits', async () => {
    const { sender, sent } = given();
    await sender.close(1_000);
    expect(sent).toEqual([]);
  });
});

test('while a receiver hangs, nothing else is sent to it, and what comes is kept', async () => {
  const { sender, pass, times } = given(['hangs']);
  sender.add(notice());
  await pass(1);
  for (let each = 0; each < 50_000; each++) sender.add(notice());
  await pass(300);
  expect(times()).toEqual([1]);
  expect(sender.state.waiting).toBe(50_000);
});

test('a delivery that ends by itself while the sender closes is no error, and what waits is sent after it', async () => {
  const { sender, sent, pass, channel } = given();
  let end = (_outcome: Outcome) => {};
  const deliver = channel.deliver.bind(channel);
  channel.deliver = () => {
    channel.deliver = deliver;
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  sender.add(notice());
  await pass(1);
  sender.add(notice());
  const closed = sender.close(10_000);
  setImmediate(() => end(OK));
  await closed;
  expect(sent).toHaveLength(1);
});
