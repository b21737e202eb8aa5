import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_WAITING, ShareQueue } from '../../src/share/queue.ts';
import { folder, NOW, reportOn } from './crowdsec/given.ts';

const SAID = { since: NOW - 60_000, until: NOW + 3_600_000 };

async function opened(path: string | null, identity = 'engine', told: string[] = []) {
  return ShareQueue.open({ path, identity, now: NOW, tell: (text) => told.push(text) });
}

/** What waits, in order. */
function waiting(queue: ShareQueue): string[] {
  const found: string[] = [];
  for (let orders = queue.next(1); orders.length > 0; orders = queue.next(1)) {
    const [order] = orders;
    if (order === undefined) break;
    const target = order.kind === 'report' ? order.report.target : order.target;
    found.push(`${order.kind} ${target}${order.kind === 'report' && order.inDoubt ? ' in doubt' : ''}`);
    queue.done([order.seq]);
  }
  return found;
}

test('orders wait in their order, and survive the end of the daemon', async () => {
  const path = join(folder(), 'queue');
  const queue = await opened(path);
  queue.report(reportOn('192.0.2.1'));
  queue.report(reportOn('2001:db8::/64'));
  queue.takeBack('192.0.2.9', NOW);
  queue.report(reportOn('192.0.2.2'));
  await queue.close();
  const again = await opened(path);
  expect(again.next(10)).toHaveLength(2);
  expect(waiting(again)).toEqual([
    'report 192.0.2.1',
    'report 2001:db8::/64',
    'take-back 192.0.2.9',
    'report 192.0.2.2',
  ]);
  await again.close();
});

test('the same is not said twice, and what is taken back before it was said is not said', async () => {
  const queue = await opened(null);
  queue.report(reportOn('192.0.2.1', { since: 1 }));
  queue.report(reportOn('192.0.2.1', { since: 2 }));
  queue.report(reportOn('192.0.2.2'));
  queue.takeBack('192.0.2.2', NOW);
  expect(queue.next(10)).toMatchObject([{ kind: 'report', report: { since: 2 } }]);
  expect(waiting(queue)).toEqual(['report 192.0.2.1', 'take-back 192.0.2.2']);
});

test('after a crash it is known what may have been sent', async () => {
  const path = join(folder(), 'queue');
  const queue = await opened(path);
  for (const last of [1, 2, 3]) queue.report(reportOn(`192.0.2.${last}`));
  const sent = queue.next(2).map(({ seq }) => seq);
  expect(await queue.sending(sent)).toBeNull();
  // No `close`: the process was killed here.
  const again = await opened(path);
  expect(again.next(10)).toMatchObject([{ inDoubt: true }, { inDoubt: true }]);
  // A newer report on the same target comes after the one in doubt.
  again.report(reportOn('192.0.2.1', { since: 5 }));
  again.notSent(sent.slice(1));
  expect(waiting(again)).toEqual([
    'report 192.0.2.1 in doubt',
    'report 192.0.2.2',
    'report 192.0.2.3',
    'report 192.0.2.1',
  ]);
  await again.close();
  await queue.close();
});

test('decisions of this host are known by id and target, until they end', async () => {
  const path = join(folder(), 'queue');
  const queue = await opened(path);
  queue.report(reportOn('192.0.2.1'));
  queue.done(
    queue.next(1).map(({ seq }) => seq),
    [{ id: '7', target: '192.0.2.1', ...SAID }],
  );
  await queue.close();
  const again = await opened(path);
  expect(again.saidBy('7', '192.0.2.1')).toMatchObject({ id: '7' });
  expect(again.saidBy('7', '192.0.2.2')).toBeUndefined();
  expect(again.hasSaid('192.0.2.1')).toBe(true);
  again.ended('7');
  expect([again.knows('7'), again.hasSaid('192.0.2.1'), again.saidCount]).toEqual([false, false, 0]);
  await again.close();
});

test('another engine gets what waits, and knows no ids', async () => {
  const path = join(folder(), 'queue');
  const queue = await opened(path, 'one');
  queue.report(reportOn('192.0.2.1'));
  queue.report(reportOn('192.0.2.2'));
  const [first, second] = queue.next(2).map(({ seq }) => seq) as [number, number];
  queue.done([first], [{ id: '7', target: '192.0.2.1', ...SAID }]);
  await queue.sending([second]);
  await queue.close();
  const other = await opened(path, 'two');
  expect(other.knows('7')).toBe(false);
  expect(waiting(other)).toEqual(['report 192.0.2.2']);
  await other.close();
});

test('half a line at the end, noise and lines of others are skipped', async () => {
  const path = join(folder(), 'queue');
  const queue = await opened(path);
  for (const last of [1, 2, 3]) queue.report(reportOn(`192.0.2.${last}`));
  await queue.close();
  truncateSync(path, readFileSync(path).length - 10);
  appendFileSync(path, '\0\0\0\nv1 00000000 {"op":"report"}\nv9 x\n');
  const told: string[] = [];
  const again = await opened(path, 'engine', told);
  expect(waiting(again)).toEqual(['report 192.0.2.1', 'report 192.0.2.2']);
  expect(told).toEqual([`${path}: 3 damaged lines were skipped`]);
  await again.close();
});

test('any file is read, and none throws', async () => {
  const path = join(folder(), 'queue');
  const queue = await opened(path);
  queue.report(reportOn('192.0.2.1'));
  queue.takeBack('192.0.2.2', NOW);
  await queue.close();
  const text = readFileSync(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length - 1), fc.nat(255), async (at, byte) => {
      const changed = Buffer.from(text);
      changed[at] = byte;
      writeFileSync(path, changed);
      const again = await opened(path);
      expect(again.size).toBeLessThanOrEqual(2);
      await again.close();
    }),
    { numRuns: 60 },
  );
});

test('a full queue refuses what is new, says so once, and keeps what it has', async () => {
  const told: string[] = [];
  const queue = await opened(null, 'engine', told);
  for (let n = 0; n < MAX_WAITING; n++)
    expect(queue.report(reportOn(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`))).toBe(true);
  expect(queue.report(reportOn('192.0.2.1'))).toBe(false);
  expect(queue.takeBack('192.0.2.1', NOW)).toBe(false);
  expect(queue.report(reportOn('10.0.0.1', { since: 3 }))).toBe(true);
  expect([queue.size, queue.overflowed]).toEqual([MAX_WAITING, 2]);
  expect(told).toHaveLength(1);
});
