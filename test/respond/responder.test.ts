import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BlockMethod, Config } from '../../src/config/config.ts';
import type { ActionStep, BlockEvent } from '../../src/respond/event.ts';
import { Notified } from '../../src/respond/notified.ts';
import { plannedMethod } from '../../src/respond/plan.ts';
import { ActionQueue } from '../../src/respond/queue.ts';
import { type LookFirst, Responder } from '../../src/respond/responder.ts';
import { eventually } from '../support/eventually.ts';
import { blocksOf, configWith, knockFrom, poolOf, testFolder } from './given.ts';

const SOURCE = '10.99.0.1';
const SOURCE6 = '2001:db8::1';
const DENY = 'ALL: $TARGET$ : DENY';

describe('a block under policy 1', () => {
  test('is route, wrappers and external, in this order', async () => {
    const { folder, respond, told } = given((log) => ({
      blockTcp: 1,
      killRoute: `echo route $TARGET$ >> ${log}`,
      killHostsDeny: DENY,
      killRunCmd: `cat ${log} >> ${log}.seen; cat ${log}.hosts.deny >> ${log}.seen; echo external $PORT$ >> ${log}`,
    }));
    const event = await respond(SOURCE);
    expect(event).toMatchObject({ action: 'block', reason: null, source: SOURCE, destinationPort: 111 });
    expect(event.steps).toEqual(told);
    expect(told.map(({ step, failure }) => [step, failure])).toEqual([
      ['route', null],
      ['wrappers', null],
      ['external', null],
    ]);
    expect(told[0]?.text).toBe(`echo route ${SOURCE} >> ${folder}/log`);
    expect(told[1]?.text).toBe(`ALL: ${SOURCE} : DENY`);
    expect(lines(`${folder}/log`)).toEqual([`route ${SOURCE}`, 'external 111']);
    expect(lines(`${folder}/log.seen`)).toEqual([`route ${SOURCE}`, `ALL: ${SOURCE} : DENY`]);
  });

  test('begins with the external command when KILL_RUN_CMD_FIRST says so', async () => {
    const { folder, respond, told } = given((log) => ({
      blockTcp: 1,
      killRoute: `echo route >> ${log}`,
      killHostsDeny: DENY,
      killRunCmd: `echo external >> ${log}`,
      killRunCmdFirst: true,
    }));
    expect((await respond(SOURCE)).action).toBe('block');
    expect(told.map(({ step }) => step)).toEqual(['external', 'route', 'wrappers']);
    expect(lines(`${folder}/log`)).toEqual(['external', 'route']);
  });

  const OUTCOMES: [settings: Partial<Config>, action: string, reason: string | null][] = [
    [{ killRoute: 'true' }, 'block', null],
    [{ killRoute: 'exit 3' }, 'block-failed', 'route: exit status 3'],
    [{ killRoute: 'exit 3', killHostsDeny: DENY }, 'block-failed', 'route: exit status 3'],
    [{ killRoute: 'true', killRunCmd: 'exit 3' }, 'block', null],
    [{ killRoute: 'true', killRunCmd: 'exit 3', killRunCmdFirst: true }, 'block', null],
    [{ killRunCmd: 'true', blockMethod: 'none' }, 'notify', null],
    [{ killRunCmd: 'exit 3', blockMethod: 'none' }, 'notify-failed', 'external: exit status 3'],
    [{ killRoute: 'sleep 60', actionTimeout: 100 }, 'block-failed', 'route: timed out after 0.1 s'],
  ];

  test.each(OUTCOMES)('with %j ends as %s because of %j', async (settings, action, reason) => {
    const { respond } = given(() => ({ blockTcp: 1, ...settings }));
    expect(await respond(SOURCE)).toMatchObject({ action, reason });
  });

  test('takes the other steps even when its route fails', async () => {
    const { folder, respond, told } = given((log) => ({
      blockTcp: 1,
      killRoute: 'exit 3',
      killHostsDeny: DENY,
      killRunCmd: `echo external >> ${log}`,
    }));
    await respond(SOURCE);
    expect(told.map(({ step, failure }) => [step, failure])).toEqual([
      ['route', 'exit status 3'],
      ['wrappers', null],
      ['external', null],
    ]);
    expect(lines(`${folder}/log.hosts.deny`)).toEqual([`ALL: ${SOURCE} : DENY`]);
    expect(lines(`${folder}/log`)).toEqual(['external']);
  });

  test('is reported before a slow external command has ended', async () => {
    const { folder, respond, told } = given((log) => ({
      blockTcp: 1,
      killRoute: 'true',
      killRunCmd: `until [ -e ${log}.go ]; do sleep 0.02; done`,
    }));
    const response = respond(SOURCE);
    await eventually(() => expect(told).toHaveLength(1));
    expect(told[0]).toMatchObject({ step: 'route', failure: null });
    writeFileSync(`${folder}/log.go`, '');
    expect((await response).steps).toHaveLength(2);
  });

  test('does not wait for the slow external commands of eight other sources', async () => {
    const { folder, respond, told } = given((log) => ({
      blockTcp: 1,
      killRoute: 'true',
      killRunCmd: `until [ -e ${log}.go ]; do sleep 0.02; done`,
    }));
    const responses = Array.from({ length: 9 }, (_, index) => respond(`10.99.0.${index + 1}`));
    await eventually(() => expect(told.filter(({ step }) => step === 'route')).toHaveLength(9));
    expect(told).toHaveLength(9);
    writeFileSync(`${folder}/log.go`, '');
    expect((await Promise.all(responses)).map(({ action }) => action)).toEqual(new Array(9).fill('block'));
  });
});

describe('an IPv6 source', () => {
  test('is blocked through KILL_ROUTE6, and in brackets in hosts.deny', async () => {
    const { folder, respond } = given((log) => ({
      blockTcp: 1,
      killRoute: 'exit 3',
      killRoute6: `echo six $TARGET$ >> ${log}`,
      killHostsDeny: DENY,
    }));
    expect((await respond(SOURCE6)).action).toBe('block');
    expect(lines(`${folder}/log`)).toEqual([`six ${SOURCE6}`]);
    expect(lines(`${folder}/log.hosts.deny`)).toEqual([`ALL: [${SOURCE6}] : DENY`]);
  });

  test('is acted on by KILL_ROUTE6 as the external command under policy 2', async () => {
    const { folder, respond } = given((log) => ({
      blockTcp: 2,
      killRoute: 'exit 3',
      killRoute6: `echo six $TARGET$ >> ${log}`,
    }));
    expect((await respond(SOURCE6)).action).toBe('block');
    expect(lines(`${folder}/log`)).toEqual([`six ${SOURCE6}`]);
  });

  // "With the usual `iptables` command every IPv6 scanner is called blocked and is not."
  test('that KILL_ROUTE cannot block is not reported as blocked', async () => {
    const { respond } = given(() => ({
      blockTcp: 1,
      killRoute: 'case $TARGET$ in *:*) echo "bad address" >&2; exit 2;; esac',
    }));
    expect(await respond(SOURCE6)).toMatchObject({
      action: 'block-failed',
      reason: 'route: exit status 2: bad address',
    });
    expect((await respond(SOURCE)).action).toBe('block');
  });
});

describe('policy 2', () => {
  test('runs the external command and nothing else', async () => {
    const { folder, respond, told } = given((log) => ({
      blockTcp: 2,
      killRoute: `echo route >> ${log}`,
      killHostsDeny: DENY,
      killRunCmd: `echo external >> ${log}`,
    }));
    expect((await respond(SOURCE)).action).toBe('notify');
    expect(told.map(({ step }) => step)).toEqual(['external']);
    expect(lines(`${folder}/log`)).toEqual(['external']);
    expect(existsSync(`${folder}/log.hosts.deny`)).toBe(false);
  });

  // "BLOCK=2 without KILL_RUN_CMD: nothing is done, `Blocked` is written all the same."
  test('without an external command runs KILL_ROUTE', async () => {
    const { folder, respond, told } = given((log) => ({ blockTcp: 2, killRoute: `echo route >> ${log}` }));
    expect((await respond(SOURCE)).action).toBe('block');
    expect(told.map(({ step }) => step)).toEqual(['external']);
    expect(lines(`${folder}/log`)).toEqual(['route']);
  });
});

// "BLOCK=1 without any action: nothing is done, `Blocked` is written all the same."
test('a source for which nothing is configured is not reported as blocked', async () => {
  const { respond, told } = given(() => ({ blockTcp: 1, blockMethod: 'none' }));
  expect(await respond(SOURCE)).toMatchObject({
    action: 'block-failed',
    reason: 'nothing is configured that would block it',
    steps: [],
  });
  expect(told).toEqual([]);
});

// "The exit status of commands is not looked at: a missing program counts as a block, and is never tried again."
test('a missing block command fails, and works at a later probe once it is there', async () => {
  const { folder, respond } = given((log) => ({ blockTcp: 1, killRoute: `${log}.iptables -s $TARGET$` }));
  const event = await respond(SOURCE);
  expect(event.action).toBe('block-failed');
  expect(event.reason).toMatch(/^route: exit status 127: .*log\.iptables/);
  writeFileSync(`${folder}/log.iptables`, '#!/bin/sh\n', { mode: 0o755 });
  expect((await respond(SOURCE)).action).toBe('block');
});

test('a further try repeats only the failed steps', async () => {
  const { folder, respond, told } = given((log) => ({
    blockTcp: 1,
    killRoute: `echo route >> ${log}`,
    killHostsDeny: DENY,
    killRunCmd: `echo mail >> ${log}`,
  }));
  symlinkSync('/dev/null', `${folder}/log.hosts.deny`);
  const first = await respond(SOURCE);
  expect(first.reason).toMatch(/^wrappers: .* is not a regular file$/);
  rmSync(`${folder}/log.hosts.deny`);
  const second = await respond(SOURCE);
  expect(second.action).toBe('block');
  expect(second.steps.map(({ step }) => step)).toEqual(['route', 'wrappers', 'external']);
  expect(told.map(({ step }) => step)).toEqual(['route', 'wrappers', 'external', 'wrappers']);
  expect(lines(`${folder}/log`)).toEqual(['route', 'mail']);
  await respond(SOURCE);
  expect(lines(`${folder}/log`)).toEqual(['route', 'mail', 'route', 'mail']);
});

test('two probes in one millisecond make one block', async () => {
  const { folder, respond } = given((log) => ({ blockTcp: 1, killRoute: `echo route >> ${log}` }));
  const [first, second] = await Promise.all([respond(SOURCE), respond(SOURCE)]);
  expect(second).toBe(first);
  expect(lines(`${folder}/log`)).toEqual(['route']);
});

// "TCP and UDP processes do not know of each other: one host, two lines in hosts.deny."
test('twenty responders at once write one line for one host', async () => {
  const { folder, responder } = given(() => ({
    blockTcp: 1,
    blockUdp: 1,
    blockMethod: 'none',
    killHostsDeny: DENY,
  }));
  const events = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      responder().respond(knockFrom(SOURCE, { transport: index % 2 === 0 ? 'tcp' : 'udp' }), 1),
    ),
  );
  expect(events.map(({ action }) => action)).toEqual(new Array(20).fill('block'));
  expect(lines(`${folder}/log.hosts.deny`)).toEqual([`ALL: ${SOURCE} : DENY`]);
});

describe('the look before the first action', () => {
  const RULE = { text: 'gateway 10.99.0.1 of eth0', isSilent: false, origin: 'gateway' } as const;

  test.each<Partial<Config>>([
    { killRoute: 'echo ran >> LOG' },
    { killRunCmd: 'echo ran >> LOG', killRunCmdFirst: true, killRoute: 'true' },
    { killRunCmd: 'echo ran >> LOG', blockMethod: 'none' },
    { killHostsDeny: DENY, blockMethod: 'none' },
  ])('spares a source from every action: %j', async (settings) => {
    const { folder, responder } = given((log) => {
      const texts = Object.entries(settings).map(([key, value]) => [key, String(value).replace('LOG', log)]);
      return { blockTcp: 1, ...Object.fromEntries(texts) };
    });
    const looks: [source: string, target: string][] = [];
    const looking = responder(async ({ source }, target) => {
      looks.push([source, target]);
      return RULE;
    });
    const outcome = await looking.respond(knockFrom(SOURCE), 1);
    expect(outcome).toMatchObject({ action: 'refused', source: SOURCE, rule: RULE.text, isSilent: false });
    expect(looks).toEqual([[SOURCE, SOURCE]]);
    expect(existsSync(`${folder}/log`) || existsSync(`${folder}/log.hosts.deny`)).toBe(false);
  });

  test('gets the evidence, is made once for two probes at once, and lets others be blocked', async () => {
    const { responder } = given(() => ({ blockTcp: 1, killRoute: 'true' }));
    const evidence: unknown[] = [];
    const looking = responder(async (source) => {
      evidence.push(source.evidence);
      return null;
    });
    const probe = { ...knockFrom(SOURCE), evidence: 'handshake' } as const;
    const outcomes = await Promise.all([looking.respond(probe, 1), looking.respond(probe, 1)]);
    expect(outcomes.map(({ action }) => action)).toEqual(['block', 'block']);
    expect(evidence).toEqual(['handshake']);
  });

  test('has happened before the source’s network is decided on', async () => {
    const { responder, blocks } = given(() => ({ blockTcp: 1, killRoute6: 'true', blockMethod: 'command' }));
    const looking = responder(async () => {
      // What the look finds in the network.
      rule = 'session from 2001:db8::7, found by sshd';
      return null;
    });
    let rule: string | null = null;
    blocks.ruleFor = () => rule;
    await looking.respond(knockFrom('2001:db8::1'), 1);
    rule = null;
    expect(await looking.respond(knockFrom('2001:db8::2'), 1)).toMatchObject({ target: '2001:db8::2' });
  });

  test('takes bounded memory in a flood', async () => {
    const { responder } = given(() => ({ blockTcp: 1, killRoute: 'true' }));
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    // One in 64 is blocked in the end: 2,048 commands would take long.
    const looking = responder(async ({ source }) => {
      await held;
      return Number(source.split('.')[3]) % 64 === 0 ? null : RULE;
    });
    const from = (index: number) => knockFrom(`10.1.${index >> 8}.${index & 255}`);
    const first = Array.from({ length: 2_048 }, (_, index) => looking.respond(from(index), 1));
    expect(await looking.respond(from(2_048), 1)).toMatchObject({
      action: 'block-failed',
      reason: 'too many responses are under way: 2048',
    });
    release();
    const actions = (await Promise.all(first)).map(({ action }) => action);
    expect(['block', 'refused'].map((name) => actions.filter((each) => each === name).length)).toEqual([
      32, 2_016,
    ]);
  });
});

describe('a response never rejects', () => {
  test('when the queue is full', async () => {
    const { respond, queue } = given(() => ({ blockTcp: 1, killRoute: 'true', killRunCmd: 'true' }));
    const release = fill(queue);
    const event = await respond(SOURCE);
    expect(event).toMatchObject({
      action: 'block-failed',
      reason: 'route: too many actions are waiting: 1024',
    });
    expect(event.steps.map(({ step }) => step)).toEqual(['route', 'external']);
    release();
  });

  test('when the daemon ends in the middle of it', async () => {
    const { folder, respond, queue } = given((log) => ({
      blockTcp: 1,
      killRoute: `touch ${log}.began; sleep 60`,
      killHostsDeny: DENY,
      killRunCmd: `touch ${log}.mailed`,
    }));
    const response = respond(SOURCE);
    await eventually(() => expect(existsSync(`${folder}/log.began`)).toBe(true));
    await queue.close();
    const event = await response;
    expect(event).toMatchObject({ action: 'block-failed', reason: 'route: portsentry is ending' });
    expect(event.steps.map(({ failure }) => failure)).toEqual(new Array(3).fill('portsentry is ending'));
    expect(existsSync(`${folder}/log.hosts.deny`)).toBe(false);
    expect(existsSync(`${folder}/log.mailed`)).toBe(false);
  });

  test('when a probe has an address that this program never makes, and no command sees that', async () => {
    const { folder, responder } = given((log) => ({ blockTcp: 1, killRoute: `echo $TARGET$ >> ${log}` }));
    const event = await responder().respond(knockFrom('$(reboot)'), 1);
    expect(event).toMatchObject({
      action: 'block-failed',
      reason: expect.stringMatching(/^internal error: no canonical address/),
    });
    expect(existsSync(`${folder}/log`)).toBe(false);
  });
});

test('BLOCK_METHOD null does everything but the block', async () => {
  const { respond, backends, told } = given(() => ({
    blockTcp: 1,
    blockMethod: 'null',
    killRoute: 'exit 3',
  }));
  expect((await respond(SOURCE)).action).toBe('block');
  const listed = await (await backends.get('null')).list();
  expect(listed?.map(({ target }) => target)).toEqual([SOURCE]);
  expect(told).toEqual([{ step: 'route', text: 'null', failure: null }]);
});

describe("the user's own configuration", () => {
  // KILL_ROUTE="... && echo "$TARGET$:$PORT$" >> /var/log/portsentry.block.log", with BLOCK_TCP="2". "A value ends
  // at the second quote of the line, so the guide's KILL_ROUTE never writes its log."
  const text = readFileSync(new URL('../../fixtures/conf/gentoo-wiki.conf', import.meta.url), 'utf8');
  const killRoute = /^KILL_ROUTE="(.*)"$/m.exec(text)?.[1] as string;

  test('blocks by iptables and writes ADDR:PORT once', async () => {
    const { folder, respond, told } = given((log) => ({
      blockTcp: 2,
      killRoute: killRoute
        .replace('/sbin/iptables', `echo iptables >> ${log}; : `)
        .replace('/var/log/portsentry.block.log', `${log}.block`),
    }));
    await Promise.all([respond(SOURCE), respond(SOURCE)]);
    expect(lines(`${folder}/log`)).toEqual(['iptables']);
    expect(lines(`${folder}/log.block`)).toEqual([`${SOURCE}:111`]);
    expect(told[0]?.text).toContain(`-I INPUT -s ${SOURCE} -j DROP && echo "${SOURCE}:111" >> `);
  });

  test('writes no log when iptables fails', async () => {
    const { folder, respond } = given((log) => ({
      blockTcp: 2,
      killRoute: killRoute
        .replace('/sbin/iptables', 'false')
        .replace('/var/log/portsentry.block.log', `${log}.block`),
    }));
    expect(await respond(SOURCE)).toMatchObject({
      action: 'block-failed',
      reason: 'external: exit status 1',
    });
    expect(existsSync(`${folder}/log.block`)).toBe(false);
  });
});

/** Responders over real commands and files; `settings` is given the path of a log in a folder of the test's own. */
function given(settings: (log: string) => Partial<Config>) {
  const folder = testFolder();
  const config = configWith(settings(`${folder}/log`));
  const queue = new ActionQueue();
  onTestFinished(() => queue.close());
  const told: ActionStep[] = [];
  const hostsDenyPath = `${folder}/log.hosts.deny`;
  const backends = poolOf(config);
  const blocks = blocksOf(config, { backends, hostsDenyPath });
  const method = plannedMethod(config) as BlockMethod;
  const notified = new Notified();
  const responder = (lookFirst?: LookFirst) =>
    new Responder({
      lookFirst,
      config,
      method,
      blocks,
      queue,
      notified,
      hostsDenyPath,
      onStep: (_target, step) => told.push(step),
    });
  const only = responder();
  // Without a look nothing is refused.
  const respond = (source: string) => only.respond(knockFrom(source), 1) as Promise<BlockEvent>;
  return { folder, queue, told, responder, respond, blocks, backends };
}

/** Fills every place of the queue until the result is called. */
function fill(queue: ActionQueue): () => void {
  let release = () => {};
  const held = new Promise<null>((resolve) => {
    release = () => resolve(null);
  });
  for (let index = 0; index < 8 + 1_024; index++) void queue.run(`held ${index}`, () => held);
  return release;
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n');
}
