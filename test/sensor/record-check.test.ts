import { expect, test } from 'vitest';
import { AnswerKind, LeftAnswer } from '../../src/classify/answer.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { RecordCheck } from '../../src/sensor/record-check.ts';
import { RECORD_LENGTH, writeAnswer, writeProbe } from '../../src/sensor/record-format.ts';

const NOW = 1_795_354_417_000;

function makeCheck() {
  const told: string[] = [];
  const check = new RecordCheck({ now: () => NOW, tell: (text) => told.push(text) });
  return { check, told };
}

function probeRecord(fields: Partial<Probe>): DataView {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  writeProbe(view, 0, Object.assign(new Probe(), { kind: Kind.syn, protocol: 6, time: NOW }, fields), 0);
  return view;
}

function answerRecord(time: number): DataView {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  writeAnswer(view, 0, Object.assign(new LeftAnswer(), { kind: AnswerKind.synAck, protocol: 6, time }));
  return view;
}

test.each<[string, Partial<Probe>]>([
  ['a connection, which only the main process sees', { kind: Kind.connect }],
  ['a kind of another protocol', { kind: Kind.udp }],
  ['a time that is no number', { time: Number.NaN }],
])('fault 27: a record that cannot be true is refused and counted: %s', (_what, fields) => {
  const { check } = makeCheck();
  expect(check.readProbe(probeRecord(fields), 0, new Probe())).toBe(false);
  expect([check.refused, check.retimed]).toEqual([1, 0]);
});

test.each([
  [NOW, NOW, 0],
  [NOW - 5_000, NOW - 5_000, 0],
  [NOW + 5_000, NOW + 5_000, 0],
  [NOW - 5_001, NOW, 1],
  [NOW + 5_001, NOW, 1],
  [8.64e15, NOW, 1],
  [0, NOW, 1],
])('fault 27: a time of %d is taken for %d; replaced: %d', (time, taken, retimed) => {
  const { check } = makeCheck();
  const [probe, answer] = [new Probe(), new LeftAnswer()];
  expect(check.readProbe(probeRecord({ time }), 0, probe)).toBe(true);
  expect(check.readAnswer(answerRecord(time), 0, answer)).toBe(true);
  expect([probe.time, answer.time]).toEqual([taken, taken]);
  expect(check.retimed).toBe(2 * retimed);
});

test('what was refused is said once a minute, and only if there is something to say', () => {
  const { check, told } = makeCheck();
  check.tick(0);
  check.refuse();
  check.tick(1_000);
  check.refuse();
  check.tick(60_999);
  check.tick(61_000);
  check.tick(200_000);
  expect(told.map((text) => /(\d+) could not be true/.exec(text)?.[1])).toEqual(['1', '1']);
});
