import { describe, expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { Holds } from '../../src/daemon/holds.ts';
import { ReportReceiver } from '../../src/daemon/report-receiver.ts';
import { Engine } from '../../src/engine.ts';
import type { Address } from '../../src/net/address.ts';
import { Rule, type RuleName } from '../../src/sensor/kernel/rule.ts';
import { RecordCheck } from '../../src/sensor/record-check.ts';
import { RECORD_LENGTH, writeProbe } from '../../src/sensor/record-format.ts';
import { CoinTests } from '../../src/track/coin-tests.ts';
import { SocketTable } from '../../src/watch/sockets.ts';
import { configWith } from '../respond/given.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import { address, type ProbeFields, probe, START } from '../track/given.ts';

const SCANNER = '10.0.0.1';
/** What a scanner needs that never sends to a reset port again. */
const PORTS_OF_A_PROOF = 24;

interface Given {
  readonly tosses?: boolean;
  readonly forwards?: boolean;
  /** The never-block rule of every source. */
  readonly rule?: string;
}

/** A receiver before a real engine, and what it does, each as a word. */
function given({ tosses = true, forwards = false, rule }: Given = {}) {
  const done: string[] = [];
  const told: string[] = [];
  const clock = { ms: 0 };
  const now = () => clock.ms;
  const coinTests = new CoinTests();
  const verb = (name: string) => async () => {
    done.push(name);
    return null;
  };
  const recorder = recorderOf({
    probe: ({ destinationPort, ignored, evidence, triggered }) =>
      done.push(`${ignored ?? (triggered ? 'triggers' : 'noted')}: ${evidence} ${destinationPort}`),
  });
  const reacts = (source: Address) => coinTests.hasProven(source);
  const engine = new Engine(engineParts(configWith({}), recorder, { reacts }));
  const check = new RecordCheck({ now: () => START, tell: () => {} });
  const receiver = new ReportReceiver({
    engine,
    sockets: new SocketTable('/proc/self/net'),
    check,
    holds: new Holds({
      table: { hold: verb('hold'), release: verb('release'), exempt: verb('exempt') },
      holdTimeMs: 10_000,
      ipv6Prefix: 64,
      now,
      tell: () => {},
    }),
    coinTests,
    tossesCoins: () => tosses,
    now,
    mayHold: () => true,
    ruleFor: () => rule ?? null,
    forwards: () => forwards,
    presence: { noteProbe: () => done.push('doubted'), noteAnswer: () => done.push('answer') },
    trialSeen: () => done.push('trial'),
    tell: (text) => told.push(text),
  });
  /** The kernel reports a packet. */
  const report = (name: RuleName, fields: ProbeFields = {}) => {
    const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
    writeProbe(view, 0, probe(fields), 0, Rule[name]);
    receiver.take(view, RECORD_LENGTH);
  };
  const progress = () => coinTests.progressOf(address(SCANNER));
  return { receiver, report, coinTests, progress, done, told, clock, check };
}

/** Sends to each of `count` ports, and to each again; the coin of all falls the same way. */
function scanTwice({ report }: ReturnType<typeof given>, coin: 'silent' | 'reset', count = PORTS_OF_A_PROOF) {
  for (let port = 1; port <= count; port++) report(coin, { port });
  for (let port = 1; port <= count; port++) report('held', { port, sourcePort: 40_000 });
}

describe('the coin test', () => {
  test('a source that sends again to silent ports alone is proven, and its next probe says so', () => {
    const receiver = given();
    scanTwice(receiver, 'silent', PORTS_OF_A_PROOF - 1);
    expect(receiver.progress()?.bets).toBe(PORTS_OF_A_PROOF - 1);
    expect(receiver.coinTests.counts.proven).toBe(0);
    receiver.report('silent', { port: 100 });
    receiver.report('probe', { port: 100 });
    expect(receiver.coinTests.counts).toEqual({ underTest: 0, proven: 1, isFull: false });
    receiver.done.splice(0);
    receiver.report('held', { port: 101 });
    expect(receiver.done).toContain('triggers: reacts 101');
  });

  test('one that sends again to reset ports loses its bets', () => {
    const receiver = given();
    scanTwice(receiver, 'reset');
    expect(receiver.progress()?.log2).toBeLessThan(-PORTS_OF_A_PROOF);
  });

  test.each<[string, RuleName, ProbeFields]>([
    ['a FIN', 'held', { kind: Kind.fin }],
    ['an ACK', 'held', { kind: Kind.ack }],
    ['SYN with FIN', 'held', { kind: Kind.odd }],
    ['a datagram', 'held', { kind: Kind.udp }],
    ['a SYN to another port', 'held', { port: 112 }],
    ['a SYN to another address of this host', 'held', { destination: '10.0.0.3' }],
    ['a SYN of another source', 'held', { source: '10.0.0.9' }],
  ])('%s is no bet on the coin of a port', (_what, rule, fields) => {
    const { report, progress } = given();
    report('silent');
    report(rule, fields);
    expect(progress()).toEqual({ bets: 0, log2: 0 });
  });

  test.each<RuleName>(['probe', 'held', 'reset', 'silent', 'blocked', 'known'])(
    'the first SYN that comes again is the bet, also if the rule %s reports it',
    (rule) => {
      const { report, progress } = given();
      report('silent');
      report(rule);
      report(rule);
      expect(progress()).toEqual({ bets: 1, log2: Math.log2(1.8) });
    },
  );

  test('a coin is forgotten after a minute, and the port gets no other', () => {
    const { report, progress, clock } = given();
    report('silent');
    clock.ms = 60_001;
    report('held');
    report('silent');
    report('held');
    expect(progress()?.bets).toBe(0);
  });

  test('while the kernel tosses none, a sensor that was taken over proves nobody by coins that it invents', () => {
    const receiver = given({ tosses: false });
    scanTwice(receiver, 'silent', 100);
    expect(receiver.progress()).toBeNull();
    expect(receiver.coinTests.counts.proven).toBe(0);
  });
});

describe('what a report leads to', () => {
  test.each<[RuleName, ProbeFields, readonly string[]]>([
    ['probe', {}, ['triggers: spoofable 111']],
    ['weak', { kind: Kind['ip-protocol'] }, []],
    ['known', {}, ['noted: spoofable 111']],
    ['held', {}, ['triggers: spoofable 111', 'hold']],
    ['reset', {}, ['triggers: spoofable 111', 'hold']],
    ['silent', {}, ['triggers: spoofable 111', 'hold']],
    ['bridge', {}, ['behind a bridge of this host: spoofable 111']],
    ['blocked', {}, ['triggers: spoofable 111']],
    ['fragment', {}, ['triggers: spoofable 111']],
    ['doubted', {}, ['doubted']],
    ['trial', { kind: Kind.udp }, ['trial']],
    ['forged', {}, []],
  ])('of the rule %s', (rule, fields, expected) => {
    const { report, done } = given();
    report(rule, fields);
    expect(done).toEqual(expected);
  });

  test('a port that is not watched is none of a held source', () => {
    const { report, done } = given();
    report('held', { port: 50_000 });
    expect(done).toEqual([]);
  });

  test('the hold of a spared source ends', () => {
    const { report, done } = given({ rule: 'gateway' });
    report('probe');
    report('held', { port: 112 });
    expect(done.filter((word) => word === 'release')).toHaveLength(2);
  });

  test('a segment of no connection counts for nothing on a host that forwards those of others', () => {
    const forwarding = given({ forwards: true });
    for (let port = 1; port <= 5; port++) forwarding.report('weak', { port, kind: Kind.ack });
    expect(forwarding.done).toEqual(
      expect.arrayContaining([expect.stringContaining('this host forwards packets')]),
    );
    expect(forwarding.done.some((word) => /triggers/.test(word))).toBe(false);
  });

  test('a rule that reports no probes is refused', () => {
    const { report, check } = given();
    report('cast');
    report('answer');
    expect(check.refused).toBe(2);
  });

  test('forged packets are logged once a minute', () => {
    const { report, receiver, told } = given();
    receiver.tick(0);
    expect(told).toEqual([]);
    report('forged');
    report('forged');
    receiver.tick(1);
    report('forged');
    receiver.tick(60_000);
    receiver.tick(60_001);
    expect(told.map((line) => line.split(' from ')[0])).toEqual(['2 packets', '1 packet']);
  });
});
