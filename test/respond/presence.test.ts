import { describe, expect, test } from 'vitest';
import { AnswerKind, LeftAnswer } from '../../src/classify/answer.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import { type Address, parseAddress } from '../../src/net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/net/protocol.ts';
import { Presence } from '../../src/respond/presence.ts';
import { blockOf } from './given.ts';

const SCANNER = '10.99.0.1';
const HOST = '10.99.0.2';
const SECOND = 1_000;
/** When KILL_ROUTE ended. */
const SINCE = 1_795_354_417_000;
const address = (text: string) => parseAddress(text) as Address;

interface PacketFields {
  /** Ms after the action ended. */
  readonly at: number;
  readonly source?: string;
  readonly port?: number;
  readonly proberPort?: number;
  readonly protocol?: number;
  readonly kind?: AnswerKind;
}

function probeOf({
  at,
  source = SCANNER,
  port = 111,
  proberPort = 40_000,
  protocol = PROTOCOL_TCP,
}: PacketFields) {
  const probe = new Probe();
  probe.source.set(address(source));
  probe.destination.set(address(HOST));
  return Object.assign(probe, {
    time: SINCE + at,
    kind: Kind.syn,
    protocol,
    sourcePort: proberPort,
    destinationPort: port,
  });
}

function answerOf(fields: PacketFields) {
  const { at, source = SCANNER, port = 111, proberPort = 40_000, protocol = PROTOCOL_TCP } = fields;
  const answer = new LeftAnswer();
  answer.source.set(address(HOST));
  answer.destination.set(address(source));
  const kind = fields.kind ?? AnswerKind.reset;
  return Object.assign(answer, {
    time: SINCE + at,
    kind,
    protocol,
    sourcePort: port,
    destinationPort: proberPort,
  });
}

/** A presence over one blocked source, and the times at which it was proven gone, in ms after the action. */
function given({ isNeeded = true, rejects = false } = {}) {
  const entry = new BlockMemory().decide(blockOf(SCANNER), 'command', 'boot');
  const gone: number[] = [];
  const presence = new Presence({
    isNeeded: () => isNeeded,
    find: (_address, text) => (text === SCANNER ? { entry, since: SINCE } : undefined),
    mayReject: () => rejects,
    onGone: (_entry, time) => gone.push(time - SINCE),
  });
  return { presence, gone };
}

const S = 2 * SECOND;
const LATE = 65 * SECOND;

describe('a block by KILL_ROUTE is proven gone by', () => {
  test.each<[string, PacketFields, PacketFields, boolean]>([
    ['a reset to a probe', { at: S }, { at: S }, true],
    ['a reset that takes almost a second', { at: S }, { at: S + 999 }, true],
    ['no reset that takes longer', { at: S }, { at: S + SECOND }, false],
    ['no reset from before the probe', { at: S }, { at: S - 1 }, false],
    ['no reset to another port of the prober', { at: S }, { at: S, proberPort: 40_001 }, false],
    ['no reset from another port', { at: S }, { at: S, port: 112 }, false],
    ['no answer to somebody else', { at: S }, { at: S, source: '10.99.0.3' }, false],
    ['no probe that began before the command ended', { at: -1 }, { at: 10 }, false],
    ['no probe that was read from the ring late', { at: 900 }, { at: 1_100 }, false],
    ['a SYN/ACK', { at: LATE }, { at: LATE, kind: AnswerKind.synAck }, true],
    [
      'no SYN/ACK that the kernel may repeat for a connection from before',
      { at: S },
      { at: S, kind: AnswerKind.synAck },
      false,
    ],
    [
      'an ICMP port unreachable to a datagram',
      { at: S, protocol: PROTOCOL_UDP },
      { at: S, protocol: PROTOCOL_UDP, kind: AnswerKind.unreachable },
      true,
    ],
  ])('%s', (_what, probe, answer, expected) => {
    for (const order of ['probe first', 'answer first']) {
      const { presence, gone } = given();
      if (order === 'probe first') presence.noteProbe(probeOf(probe));
      presence.noteAnswer(answerOf(answer));
      if (order === 'answer first') presence.noteProbe(probeOf(probe));
      expect(gone, order).toEqual(expected ? [answer.at] : []);
    }
  });

  test('an accepted connection, but for one that may have begun before', () => {
    const { presence, gone } = given();
    for (const at of [S, LATE]) presence.noteConnect(Object.assign(probeOf({ at }), { kind: Kind.connect }));
    expect(gone).toEqual([LATE]);
  });
});

test('a command that rejects answers by itself: only a SYN/ACK proves anything', () => {
  const { presence, gone } = given({ rejects: true });
  presence.noteProbe(probeOf({ at: LATE }));
  presence.noteAnswer(answerOf({ at: LATE }));
  expect(gone).toEqual([]);
  presence.noteAnswer(answerOf({ at: LATE, kind: AnswerKind.synAck }));
  expect(gone).toEqual([LATE]);
});

test('without blocks by a command nothing is compared', () => {
  const { presence, gone } = given({ isNeeded: false });
  presence.noteProbe(probeOf({ at: S }));
  presence.noteAnswer(answerOf({ at: S }));
  expect(gone).toEqual([]);
});

test('the newest of many probes are compared, as a fast scan sends them', () => {
  const { presence, gone } = given();
  for (let port = 1; port <= 1_000; port++) presence.noteProbe(probeOf({ at: S, port }));
  presence.noteAnswer(answerOf({ at: S, port: 1 }));
  expect(gone).toEqual([]);
  presence.noteAnswer(answerOf({ at: S, port: 1_000 }));
  expect(gone).toEqual([S]);
});
