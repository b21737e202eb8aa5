import { expect, test } from 'vitest';
import { EngineError, type Pulled } from '../../src/share/engine.ts';
import { Exchange } from '../../src/share/exchange.ts';
import { ShareQueue } from '../../src/share/queue.ts';
import type { Said } from '../../src/share/report.ts';
import { NOW, reportOn } from './crowdsec/given.ts';
import { NOTHING, TestEngine } from './test-engine.ts';

async function given() {
  const engine = new TestEngine();
  const told: string[] = [];
  const applied: Pulled[] = [];
  const early: Said[] = [];
  const tell = (text: string) => told.push(text);
  const queue = await ShareQueue.open({ path: null, identity: 'engine', now: NOW, tell });
  let now = 0;
  let refuses = false;
  /** The next answer cannot be put in force. */
  const refuse = () => {
    refuses = true;
  };
  const exchange = new Exchange({
    engine,
    queue,
    wallNow: () => NOW + now,
    pullIntervalMs: () => 10_000,
    most: () => 100,
    isListed: () => false,
    apply: async (pulled) => {
      if (refuses) {
        refuses = false;
        throw new Error('no nft');
      }
      applied.push(pulled);
    },
    endedEarly: (each) => early.push(each),
    random: () => 1,
    tell,
  });
  /** Lets this many seconds pass. */
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      exchange.tick(now);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { engine, queue, exchange, told, applied, early, pass, refuse };
}

test('one request a second: decisions first, then what waits, then a sign of life each minute', async () => {
  const { engine, queue, exchange, pass } = await given();
  for (const last of [1, 2, 3, 4]) queue.report(reportOn(`192.0.2.${last}`));
  await pass(3);
  expect(engine.asked).toEqual(['pull all', 'push 192.0.2.1 192.0.2.2 192.0.2.3', 'push 192.0.2.4']);
  await pass(70);
  expect(engine.asked.filter((each) => each === 'beat')).toHaveLength(1);
  expect(engine.asked.filter((each) => each === 'pull')).toHaveLength(7);
  expect(exchange.pushed).toBe(4);
});

test('an outage loses nothing and sends nothing twice, and is said once', async () => {
  const { engine, queue, told, pass } = await given();
  engine.fails = Array.from({ length: 200 }, () => new EngineError('connection refused', 'undone'));
  await pass(5);
  queue.report(reportOn('192.0.2.1'));
  await pass(60);
  expect(engine.has).toEqual([]);
  expect(told).toEqual([
    'the engine gives no decisions: connection refused; it is tried again.',
    'the engine is not told of sources: connection refused; it is tried again.',
  ]);
  engine.fails = [];
  await pass(60);
  expect(engine.has).toHaveLength(1);
  expect(queue.size).toBe(0);
  expect(told.slice(2).toSorted()).toEqual(['the engine gives them again.', 'the engine is told again.']);
});

test('what was unblocked in an outage is taken back with the time at which it was unblocked', async () => {
  const { engine, queue, pass } = await given();
  engine.fails = Array.from({ length: 4 }, () => new EngineError('connection refused', 'undone'));
  queue.takeBack('192.0.2.1', NOW + 1);
  queue.report(reportOn('192.0.2.1', { since: NOW + 2 }));
  await pass(60);
  expect(engine.takenBackAt).toBe(NOW + 1);
  expect(engine.has).toMatchObject([{ since: NOW + 2 }]);
});

test.each([true, false])(
  'a push without an answer is cleared up before it is sent again (it arrived: %s)',
  async (arrived) => {
    const { engine, queue, pass } = await given();
    await pass(1);
    engine.keepsWhatFailed = arrived;
    engine.fails = [new EngineError('no answer within 10 s', 'unknown')];
    queue.report(reportOn('192.0.2.1'));
    queue.report(reportOn('192.0.2.2'));
    await pass(8);
    expect(engine.has.map(({ target }) => target)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(engine.asked).toContain('find');
    expect(queue.size).toBe(0);
    expect(queue.hasSaid('192.0.2.2')).toBe(true);
  },
);

test('a report that the engine does not like does not keep back the others', async () => {
  const { engine, queue, exchange, told, pass } = await given();
  engine.dislikes = '192.0.2.2';
  for (const last of [1, 2, 3]) queue.report(reportOn(`192.0.2.${last}`));
  await pass(8);
  expect(engine.has.map(({ target }) => target)).toEqual(['192.0.2.1', '192.0.2.3']);
  expect([exchange.pushed, exchange.refused, queue.size]).toEqual([2, 1, 0]);
  expect(told).toEqual(['the engine refuses the report on 192.0.2.2: no.']);
});

test("this host's own decisions are no others', and one that somebody ended is told apart from one that ended", async () => {
  const { engine, queue, applied, early, pass } = await given();
  queue.report(reportOn('192.0.2.1'));
  queue.report(reportOn('192.0.2.2'));
  await pass(2);
  const own = { id: 'id of 192.0.2.1', target: '192.0.2.1' };
  const decision = { prefix: null as never, until: NOW, note: '', isPortsentry: true };
  engine.answer = {
    ...NOTHING,
    decisions: [
      { ...own, ...decision },
      { ...decision, id: 'x', target: '192.0.2.1' },
    ],
    ended: [
      { ...own, at: NOW + 5_000 },
      { id: 'id of 192.0.2.2', target: '192.0.2.2', at: NOW + 3_600_000 },
      { id: 'y', target: '192.0.2.9', at: NOW },
    ],
  };
  await pass(10);
  expect(applied.at(-1)?.decisions.map(({ id }) => id)).toEqual(['x']);
  expect(applied.at(-1)?.ended.map(({ id }) => id)).toEqual(['y']);
  expect(early).toMatchObject([own]);
  expect(queue.saidCount).toBe(0);
});

test.each([
  [false, 2],
  [true, 1],
])(
  'after a failed pull everything is asked for, unless the engine keeps the place (%s)',
  async (keepsPlace, count) => {
    const { engine, pass } = await given();
    engine.keepsPlace = keepsPlace;
    await pass(11);
    engine.fails = [new EngineError('no', 'undone')];
    await pass(22);
    expect(engine.asked.filter((each) => each === 'pull all')).toHaveLength(count);
  },
);

test.each([false, true])(
  'what could not be put in force is asked for again as a whole (keeps the place: %s)',
  async (keepsPlace) => {
    const { engine, pass, refuse } = await given();
    engine.keepsPlace = keepsPlace;
    await pass(11);
    refuse();
    await pass(22);
    expect(engine.asked.filter((each) => each === 'pull all')).toHaveLength(2);
  },
);
