import { expect, test } from 'vitest';
import { type Held, MetricsText } from '../../src/daemon/metrics-text.ts';
import { readings } from '../support/metrics-readings.ts';

function given(held: () => Promise<Held | null>) {
  const state = { now: 0, sources: 0, reads: 0 };
  const text = new MetricsText({
    now: () => state.now,
    held,
    read: () => {
      state.reads++;
      return readings({ startTime: 0, modes: ['atcp'], sources: state.sources });
    },
  });
  const series = async (name: string) =>
    new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.*)$`, 'm').exec(await text.read())?.[1];
  return { state, series, text };
}

test('whoever asks within a second gets the same text, and it is made once', async () => {
  const { state, series } = given(async () => ({ ipv4: 0, ipv6: 0 }));
  expect(await series('portsentry_tracked_sources')).toBe('0');
  state.sources = 5;
  state.now = 999;
  expect(await series('portsentry_tracked_sources')).toBe('0');
  state.now = 1_000;
  expect(await series('portsentry_tracked_sources')).toBe('5');
  expect(state.reads).toBe(2);
});

test('a hundred that ask at once wait for one look at what is held', async () => {
  let looks = 0;
  const { text, state } = given(async () => {
    looks++;
    return { ipv4: 2, ipv6: 1 };
  });
  const texts = new Set(await Promise.all(Array.from({ length: 100 }, () => text.read())));
  expect([texts.size, looks, state.reads]).toEqual([1, 1, 1]);
});

test('what is held is asked for every ten seconds; where that fails, the last answer counts', async () => {
  const answers: (Held | null | Error)[] = [
    { ipv4: 2, ipv6: 1 },
    null,
    new Error('no nft'),
    { ipv4: 0, ipv6: 0 },
  ];
  const { state, series } = given(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? null;
  });
  const seen: (string | undefined)[] = [];
  for (state.now = 0; state.now <= 30_000; state.now += 5_000)
    seen.push(await series('portsentry_held_sources{family="ipv4"}'));
  expect(seen).toEqual(['2', '2', '2', '2', '2', '2', '0']);
});

test('a look that hangs delays a text and keeps nobody from it', async () => {
  const { series } = given(() => new Promise(() => {}));
  expect(await series('portsentry_held_sources{family="ipv4"}')).toBe('0');
});
