import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { SteadyClock } from '../../src/daemon/clock.ts';
import type { Lists } from '../../src/daemon/lists.ts';
import { Share } from '../../src/daemon/share.ts';
import type { BlockCause } from '../../src/firewall/block.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import type { BlockEvent } from '../../src/respond/event.ts';
import { type ListMember, NamedList } from '../../src/respond/lists/named-list.ts';
import type { Decision } from '../../src/share/engine.ts';
import { EngineError } from '../../src/share/engine.ts';
import type { Evidence } from '../../src/track/evidence.ts';
import { NOTHING, TestEngine } from '../share/test-engine.ts';
import { makeBlockManager } from './given.ts';

const SOURCE = '192.0.2.7';
const CAUSE: BlockCause = {
  mode: 'tcp',
  kind: 'connect',
  transport: 'tcp',
  destinationPort: 23,
  connects: 1,
  note: null,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_796_032_800_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lists without a firewall, which leave out what is in 10.0.0.0/8. */
function memoryLists() {
  const lists = new Map<string, NamedList>();
  const changeShared: Lists['changeShared'] = async (name, added, removed) => {
    const list = lists.get(name) ?? new NamedList(name, 'shared', 0);
    lists.set(name, list);
    for (const target of removed) list.delete(target);
    const refused = added.filter(({ prefix }) => formatPrefix(prefix).startsWith('10.'));
    for (const member of added) if (!refused.includes(member)) list.set(member);
    const failure = added.some(({ prefix }) => formatPrefix(prefix) === '198.51.100.1') ? 'nft fails' : null;
    return {
      failure,
      refused: refused.map(({ prefix }) => ({ target: formatPrefix(prefix), why: 'a rule' })),
    };
  };
  const targets = () =>
    [...(lists.get('test')?.members() ?? [])].map(({ prefix }: ListMember) => formatPrefix(prefix));
  return { lists: { changeShared, get: (name: string) => lists.get(name) } as Lists, targets };
}

async function given(settings: Partial<Config> = {}) {
  const stateDir = mkdtempSync(join(tmpdir(), 'portsentry-share-'));
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
  const { manager, config } = makeBlockManager({ stateDir, ...settings });
  await manager.start();
  const { blocks } = manager;
  const engine = new TestEngine();
  const told: string[] = [];
  const { lists, targets } = memoryLists();
  const evidence = { of: 'spoofable' as Evidence, ports: 1 };
  const known = {
    evidenceOf: () => evidence.of,
    get ports() {
      return evidence.ports;
    },
    probes: 5,
    marks: { tool: { name: null } },
  };
  const share = await Share.open({
    engine,
    config: () => config,
    blocks,
    tracker: () => ({ get: () => known as never }),
    lists,
    clock: new SteadyClock({ wall: Date.now, monotonic: Date.now }),
    tell: (text) => told.push(text),
  });
  onTestFinished(() => share.close());
  let now = 0;
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      vi.setSystemTime(Date.now() + 1_000);
      share.tick(now);
      // The queue waits for the disk.
      await vi.waitFor(() => expect(share.isQuiet).toBe(true));
    }
  };
  const block = (target: string, cause = CAUSE, source = target) => {
    const made = blocks.planByHand(target, cause, 3_600_000);
    blocks.decide(made, 'null');
    blocks.confirm(made, null);
    share.blocked({ ...cause, action: 'block', source, target, time: Date.now() } as unknown as BlockEvent);
    return made;
  };
  return { share, engine, blocks, block, evidence, told, targets, pass };
}

function decision(id: string, target: string, isPortsentry = true): Decision {
  const prefix = parsePrefix(target) as Prefix;
  return { id, target, prefix, until: Date.now() + 3_600_000, note: 'a note', isPortsentry };
}

test('a blocked source is told of when it has proven that it is genuine, and not before', async () => {
  const { engine, block, evidence, pass, share } = await given();
  block(SOURCE);
  await pass(20);
  expect(engine.has).toEqual([]);
  expect(share.whatIsSaidOf(SOURCE)).toMatch(/may be forged/);
  evidence.of = 'reacts';
  await pass(3);
  expect(engine.has).toMatchObject([{ target: SOURCE, evidence: 'reacts', kind: 'connect', port: 23 }]);
  expect(share.whatIsSaidOf(SOURCE)).toBe(`the engine was told of ${SOURCE}`);
  await pass(30);
  expect(engine.has).toHaveLength(1);
});

test('repeated probes are told of with SHARE_REPEATED alone, from three ports on', async () => {
  const { engine, block, evidence, pass } = await given({ shareRepeated: true });
  evidence.of = 'repeated';
  block(SOURCE);
  await pass(5);
  expect(engine.has).toEqual([]);
  evidence.ports = 3;
  await pass(3);
  expect(engine.has).toHaveLength(1);
});

test('of a network that has grown, others hear of the part that is proven', async () => {
  const { engine, block, evidence, pass } = await given();
  evidence.of = 'handshake';
  block('2001:db8:1::/48', CAUSE, '2001:db8:1:2::7');
  await pass(3);
  expect(engine.has.map(({ target }) => target)).toEqual(['2001:db8:1:2::/64']);
});

test('a block that has ended is not told of', async () => {
  const { engine, block, blocks, evidence, pass } = await given();
  block(SOURCE);
  const entry = blocks.find(SOURCE);
  if (entry !== undefined) await blocks.release(entry, 'unblocked');
  evidence.of = 'handshake';
  await pass(3);
  expect(engine.has).toEqual([]);
});

/** Tells of a block, and then lets somebody end its decision at the engine. */
async function endedThere(
  cause: BlockCause = CAUSE,
  meanwhile: (all: Awaited<ReturnType<typeof given>>) => Promise<void> = async () => {},
) {
  const all = await given();
  all.evidence.of = 'handshake';
  all.block(SOURCE);
  await all.pass(3);
  await meanwhile(all);
  if (cause !== CAUSE) all.block(SOURCE, cause);
  all.engine.answer = { ...NOTHING, ended: [{ id: `id of ${SOURCE}`, target: SOURCE, at: Date.now() }] };
  await all.pass(11);
  all.engine.answer = NOTHING;
  return all;
}

test('a decision that somebody ended at the engine ends the block that it told of', async () => {
  const { blocks, told, share } = await endedThere();
  expect(blocks.find(SOURCE)?.ended?.how).toBe('unblocked');
  expect(told).toContain(`${SOURCE} was unblocked at the engine.`);
  expect(share.counts.lifted).toBe(1);
});

test('it ends no block by hand, and none that began later', async () => {
  const byHand = await endedThere({ ...CAUSE, kind: 'manual' });
  expect(byHand.blocks.find(SOURCE)?.ended).toBeNull();
  const later = await endedThere({ ...CAUSE }, async ({ blocks, evidence, pass }) => {
    evidence.of = 'spoofable';
    const entry = blocks.find(SOURCE);
    if (entry !== undefined) await blocks.release(entry, 'unblocked');
    await pass(5);
  });
  expect(later.blocks.find(SOURCE)?.ended).toBeNull();
});

test('what others say is in the list; what this host needs is left out, said once', async () => {
  const { engine, targets, told, pass, share } = await given();
  engine.answer = { ...NOTHING, decisions: [decision('1', '192.0.2.1'), decision('2', '10.0.0.1')] };
  await pass(25);
  expect(targets()).toEqual(['192.0.2.1']);
  expect(told).toEqual(['Of what the engine says is left out: 1 decision (10.0.0.1): a rule.']);
  engine.answer = { ...NOTHING, ended: [{ id: '1', target: '192.0.2.1', at: Date.now() }] };
  await pass(10);
  expect(targets()).toEqual([]);
  expect(share.status.pull).toMatchObject({ trouble: null, list: 'test' });
});

test('an engine that says other nonsense each time is told of once, and counted', async () => {
  const { engine, told, pass, share } = await given();
  await pass(1);
  for (const last of [1, 2, 3]) {
    engine.answer = { ...NOTHING, leftOut: [{ count: 1, first: `entry ${last}-0`, why: 'nonsense' }] };
    await pass(10);
  }
  expect(told).toEqual(['Of what the engine says is left out: 1 decision (entry 1-0): nonsense.']);
  expect(share.counts.leftOut).toBe(3);
});

test('a list that cannot be put in force is tried again as a whole', async () => {
  const { engine, targets, told, pass } = await given();
  await pass(1);
  engine.answer = { ...NOTHING, decisions: [decision('1', '198.51.100.1'), decision('2', '192.0.2.1')] };
  await pass(12);
  expect(told[0]).toBe(
    'the engine gives no decisions: the list test is not in force: nft fails; it is tried again.',
  );
  engine.answer = { ...NOTHING, decisions: [decision('2', '192.0.2.1')] };
  await pass(12);
  expect(targets()).toEqual(['192.0.2.1']);
});

test('no more than SHARE_MAX decisions are taken', async () => {
  const { engine, targets, told, pass } = await given({ shareMax: 2 });
  engine.answer = {
    ...NOTHING,
    decisions: [1, 2, 3, 4].map((last) => decision(`${last}`, `192.0.2.${last}`)),
  };
  await pass(2);
  expect(targets()).toEqual(['192.0.2.1', '192.0.2.2']);
  expect(told).toEqual(['Of what the engine says is left out: 2 decisions (192.0.2.3): SHARE_MAX is 2.']);
});

test('unblock takes back what any portsentry has said, and says what stays', async () => {
  const { engine, share, targets, pass } = await given();
  engine.answer = {
    ...NOTHING,
    decisions: [decision('1', '192.0.2.1'), decision('2', '192.0.2.2', false), decision('3', '192.0.2.2')],
  };
  await pass(1);
  engine.answer = NOTHING;
  const absent = { outcome: 'absent', message: 'it is not blocked' } as const;
  expect(await share.unblocked('192.0.2.9', absent)).toBe(absent);
  expect(await share.unblocked('192.0.2.1', absent)).toEqual({
    outcome: 'done',
    message: '192.0.2.1 is no longer in the list test; the engine is told',
  });
  expect(targets()).toEqual(['192.0.2.2']);
  expect((await share.unblocked('192.0.2.2', { outcome: 'done', message: 'done' })).message).toBe(
    'done; the engine is told; but it stays in the list test: a note',
  );
  await pass(3);
  expect(engine.asked).toContain('take back 192.0.2.1');
  expect(await share.unblocked('192.0.2.2', absent)).toEqual({
    outcome: 'refused',
    message: 'it stays in the list test: a note',
  });
});

test('while the engine takes nothing, the answer to an unblock says so', async () => {
  const { engine, share, pass } = await given();
  engine.answer = { ...NOTHING, decisions: [decision('1', '192.0.2.1')] };
  await pass(1);
  engine.answer = NOTHING;
  await share.unblocked('192.0.2.1', { outcome: 'absent', message: 'it is not blocked' });
  engine.takeBack = () => Promise.reject(new EngineError('status 404', 'undone'));
  await pass(3);
  expect((await share.unblocked('192.0.2.1', { outcome: 'done', message: 'done' })).message).toBe(
    'done; the engine is told as soon as it can be: status 404',
  );
});

test('a network that is unblocked takes back what was said of its parts', async () => {
  const { engine, share, block, evidence, pass } = await given();
  evidence.of = 'handshake';
  block('2001:db8:1::/48', CAUSE, '2001:db8:1:2::7');
  await pass(3);
  await share.unblocked('2001:db8:1::/48', { outcome: 'done', message: 'done' });
  await pass(4);
  expect(engine.asked).toContain('take back 2001:db8:1:2::/64');
});

test('a host that may tell nothing does not take back what others say', async () => {
  const { engine, share, pass } = await given();
  engine.pushes = false;
  engine.answer = { ...NOTHING, decisions: [decision('1', '192.0.2.1')] };
  await pass(1);
  const answer = await share.unblocked('192.0.2.1', { outcome: 'absent', message: '' });
  expect(answer.outcome).toBe('refused');
  expect(answer.message).toMatch(/may not take it back at the engine/);
});
