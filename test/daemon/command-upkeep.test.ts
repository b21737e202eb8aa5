import { existsSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { AnswerKind, LeftAnswer } from '../../src/classify/answer.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { rejects } from '../../src/daemon/command-upkeep.ts';
import { PROTOCOL_TCP } from '../../src/net/protocol.ts';
import { knockFrom, testFolder } from '../respond/given.ts';
import { address } from '../track/given.ts';
import { makeBlockManager } from './given.ts';

const SOURCE = '192.0.2.1';

test.each([
  ['/sbin/iptables -I INPUT -s $TARGET$ -j DROP', false],
  ['/sbin/iptables -I INPUT -s $TARGET$ -j REJECT --reject-with tcp-reset', true],
  ['nft add rule inet t c ip saddr $TARGET$ reject', true],
  ['ufw reject from $TARGET$', true],
  ['/sbin/route add -host $TARGET$ reject', false],
  ['ip route add unreachable $TARGET$', false],
  ['/sbin/route add -host $TARGET$ reject; iptables -I INPUT -s $TARGET$ -j REJECT', true],
  [null, false],
])('whether %j answers by itself: %s', (command, expected) => {
  expect(rejects(command)).toBe(expected);
});

/** A source that is blocked by a command which logs, and whose probe is answered by a reset as often as asked. */
async function given(unkill: boolean) {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const log = `${testFolder()}/log`;
  const { manager, told } = makeBlockManager({
    blockMethod: null,
    killRoute: `echo block >> ${log}`,
    unkillRoute: unkill ? `echo release >> ${log}; exit 1` : null,
  });
  await manager.start();
  await manager.respond(knockFrom(SOURCE), 1);
  const commands = () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []);
  const answered = () => {
    const [probe, answer] = [new Probe(), new LeftAnswer()];
    probe.source.set(address(SOURCE));
    answer.destination.set(address(SOURCE));
    const time = Date.now();
    Object.assign(probe, {
      time,
      kind: Kind.syn,
      protocol: PROTOCOL_TCP,
      sourcePort: 4_000,
      destinationPort: 111,
    });
    const ports = { sourcePort: 111, destinationPort: 4_000 };
    Object.assign(answer, { time, kind: AnswerKind.reset, protocol: PROTOCOL_TCP, ...ports });
    manager.commands.presence.noteProbe(probe);
    manager.commands.presence.noteAnswer(answer);
  };
  return { manager, told, commands, answered };
}

test('a block by KILL_ROUTE that is gone no longer counts, and is made again after its rest is undone (A6)', async () => {
  const { manager, told, commands, answered } = await given(true);
  const state = () => manager.blocks.stateOf(manager.blocks.find(SOURCE) ?? expect.fail('no block')).inForce;
  expect([state(), manager.isBlocked(address(SOURCE), SOURCE)]).toEqual([null, true]);
  vi.setSystemTime(Date.now() + 2_000);
  answered();
  expect([state(), manager.isBlocked(address(SOURCE), SOURCE)]).toEqual([false, false]);
  expect(manager.isSettled(knockFrom(SOURCE))).toBe(true);
  await vi.waitFor(() => expect(state()).toBeNull());
  expect(commands()).toEqual(['block', 'release', 'block']);
  expect(told).toEqual([
    `Answers left to ${SOURCE}, so its block was gone; KILL_ROUTE was run again (attempt 1 of 3).`,
  ]);
});

test('a KILL_ROUTE that does not block is run three more times, then said to fail', async () => {
  const { manager, told, commands, answered } = await given(false);
  for (let minute = 1; minute <= 6; minute++) {
    vi.setSystemTime(Date.now() + 61_000);
    answered();
    await vi.waitFor(() => expect(told).toHaveLength(Math.min(minute, 4)));
  }
  expect(commands()).toEqual(['block', 'block', 'block', 'block']);
  expect(told[3]).toMatch(/^Answers still leave to 192\.0\.2\.1, .* is not run for it again\.$/);
  const entry = manager.blocks.find(SOURCE) ?? expect.fail('no block');
  expect([manager.blocks.stateOf(entry).inForce, manager.commands.hasGivenUp(entry)]).toEqual([false, true]);
});
