import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PullLimits } from '../../../src/share/engine.ts';
import { blockMessage, Signer, unblockMessage } from '../../../src/share/redis/message.ts';
import type { Entry } from '../../../src/share/redis/requests.ts';
import { StreamState } from '../../../src/share/redis/stream-state.ts';
import { NOW, reportOn } from '../crowdsec/given.ts';

const signer = new Signer('k'.repeat(32), 'portsentry');
const LIMITS: PullLimits = { most: 100, concerns: () => false };
const HOUR_MS = 3_600_000;

let entries = 0;
function entryOf(message: object): Entry {
  return { id: `${++entries}-0`, ...signer.sign(message) };
}

function block(target: string, { host = 'one', since = NOW - 1_000, until = NOW + HOUR_MS } = {}): Entry {
  return entryOf(blockMessage({ ...reportOn(target), since, until }, host));
}

function unblock(target: string, at = NOW): Entry {
  return entryOf(unblockMessage(target, at, 'two'));
}

function stateAfter(...messages: readonly Entry[]): StreamState {
  const state = new StreamState();
  state.take(messages, signer, LIMITS, NOW);
  return state;
}

test('a block stands until its end', () => {
  const state = new StreamState();
  const { decisions, ended, leftOut } = state.take([block('192.0.2.1')], signer, LIMITS, NOW);
  expect(decisions).toMatchObject([
    {
      id: `one 192.0.2.1 ${NOW - 1_000}`,
      target: '192.0.2.1',
      until: NOW + HOUR_MS,
      note: 'portsentry/scan from one: 400 ports, evidence handshake',
      isPortsentry: true,
    },
  ]);
  expect({ ended, leftOut }).toEqual({ ended: [], leftOut: [] });
  state.forget(NOW + HOUR_MS - 1);
  expect(state.size).toBe(1);
  state.forget(NOW + HOUR_MS);
  expect(state.size).toBe(0);
});

test('an unblock ends what hosts have said of the target until then', () => {
  const state = stateAfter(block('192.0.2.1'), block('192.0.2.1', { host: 'three' }), block('192.0.2.2'));
  const { ended } = state.take([unblock('192.0.2.1')], signer, LIMITS, NOW);
  expect(ended.map(({ id, at }) => [id.split(' ')[0], at])).toEqual([
    ['one', NOW],
    ['three', NOW],
  ]);
  expect(state.size).toBe(1);
  // A source that comes again is blocked again.
  expect(state.take([block('192.0.2.1', { since: NOW + 1 })], signer, LIMITS, NOW).decisions).toHaveLength(1);
});

test('an old message that somebody adds again changes nothing', () => {
  const old = block('192.0.2.1');
  const end = unblock('192.0.2.1');
  const state = stateAfter(old, end);
  expect(state.take([old], signer, LIMITS, NOW)).toEqual({ decisions: [], ended: [], leftOut: [] });
  // Neither does an old unblock end a later block.
  const later = block('192.0.2.1', { since: NOW + 1_000 });
  state.take([later], signer, LIMITS, NOW + 2_000);
  expect(state.take([end], signer, LIMITS, NOW + 2_000).ended).toEqual([]);
  expect(state.size).toBe(1);
  expect(state.take([old], signer, LIMITS, NOW + HOUR_MS).decisions).toEqual([]);
});

test('what was unblocked stays so when the stream has lost the message that says so', () => {
  const old = block('192.0.2.1');
  const state = stateAfter(old, unblock('192.0.2.1'));
  state.clear();
  expect(state.take([old], signer, LIMITS, NOW)).toEqual({ decisions: [], ended: [], leftOut: [] });
});

test('a block of this host that was unblocked before its message came has ended', () => {
  const state = stateAfter(unblock('192.0.2.1'));
  const limits: PullLimits = { most: 100, concerns: () => true };
  const { decisions, ended } = state.take([block('192.0.2.1')], signer, limits, NOW);
  expect(decisions).toEqual([]);
  expect(ended).toEqual([{ id: `one 192.0.2.1 ${NOW - 1_000}`, target: '192.0.2.1', at: NOW }]);
});

test('an unblock covers a block by a host whose clock is ahead', () => {
  const state = stateAfter(block('192.0.2.1', { since: NOW + 60_000 }));
  expect(state.unblockTime('192.0.2.1', NOW)).toBe(NOW + 60_000);
  expect(state.unblockTime('192.0.2.2', NOW)).toBe(NOW);
});

test('an unblock that is said late does not end what began after it', () => {
  const later = NOW + HOUR_MS;
  const state = new StreamState();
  state.take([block('192.0.2.1', { since: later, until: 2 * later })], signer, LIMITS, later);
  expect(state.unblockTime('192.0.2.1', NOW)).toBe(NOW);
});

test.each([
  ['another key', { ...entryOf({}), ...new Signer('x'.repeat(32), 'portsentry').sign({}) }, /not signed/],
  ['no signature', { ...block('192.0.2.1'), signature: null }, /not signed/],
  ['no text', { ...block('192.0.2.1'), text: null }, /not signed/],
  ['another version', entryOf({ v: 9 }), /version 9/],
  ['no message', entryOf({ v: 1 }), /no message/],
  ['a time to come', block('192.0.2.1', { since: NOW + 300_001 }), /ahead of this host/],
  ['an end to come', unblock('192.0.2.1', NOW + 300_001), /ahead of this host/],
])('%s is left out with the reason', (_what, entry, why) => {
  const change = new StreamState().take([entry], signer, LIMITS, NOW);
  expect(change).toEqual({
    decisions: [],
    ended: [],
    leftOut: [{ count: 1, first: expect.anything(), why: expect.stringMatching(why) }],
  });
});

test('no more decisions are known than wanted, except for those of this host', () => {
  const state = new StreamState();
  const limits: PullLimits = { most: 2, concerns: (id) => id.startsWith('own ') };
  const targets = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
  const { decisions, leftOut } = state.take(
    [...targets.map((target) => block(target)), block('192.0.2.5', { host: 'own' })],
    signer,
    limits,
    NOW,
  );
  expect(decisions.map(({ target }) => target)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.5']);
  expect(leftOut).toEqual([{ count: 2, first: '192.0.2.3', why: 'SHARE_MAX is 2' }]);
});

test('a block that is said to last for years ends after a month', () => {
  const { decisions } = new StreamState().take([block('192.0.2.1', { until: NOW * 2 })], signer, LIMITS, NOW);
  expect(decisions[0]?.until).toBe(NOW - 1_000 + 31 * 86_400_000);
});

test('in whatever order and however often messages come, the same stands', () => {
  const target = fc.constantFrom('192.0.2.1', '192.0.2.2');
  const time = fc.integer({ min: NOW - 10, max: NOW + 10 });
  const message = fc.oneof(
    fc
      .record({ target, since: time, host: fc.constantFrom('one', 'three') })
      .map((each) => block(each.target, each)),
    fc.record({ target, at: time }).map((each) => unblock(each.target, each.at)),
  );
  const order = fc.array(message, { maxLength: 12 }).chain((messages) =>
    fc.record({
      messages: fc.constant(messages),
      shuffled: fc.shuffledSubarray(messages, { minLength: messages.length }),
      again: fc.subarray(messages),
      cut: fc.nat(messages.length),
    }),
  );
  fc.assert(
    fc.property(order, ({ messages, shuffled, again, cut }) => {
      const one = stateAfter(...messages);
      const other = stateAfter(...shuffled.slice(0, cut));
      other.take([...shuffled.slice(cut), ...again], signer, LIMITS, NOW);
      for (const each of ['192.0.2.1', '192.0.2.2']) expect(other.countOf(each)).toBe(one.countOf(each));
      expect(other.size).toBe(one.size);
    }),
  );
});

test('what an answer adds and ends, added up, is what stands', () => {
  const message = fc.oneof(
    fc.constantFrom(1, 2, 3).map((n) => block(`192.0.2.${n}`, { since: NOW - 10 + n })),
    fc.constantFrom(1, 2, 3).map((n) => unblock(`192.0.2.${n}`)),
  );
  fc.assert(
    fc.property(fc.array(fc.array(message, { maxLength: 4 }), { maxLength: 5 }), (answers) => {
      const state = new StreamState();
      const standing = new Set<string>();
      for (const answer of answers) {
        const { decisions, ended } = state.take(answer, signer, LIMITS, NOW);
        for (const { id } of ended) standing.delete(id);
        for (const { id } of decisions) standing.add(id);
      }
      expect(standing.size).toBe(state.size);
    }),
  );
});
