import { expect, test } from 'vitest';
import { WrongChecksums } from '../../src/replay/wrong-checksums.ts';
import { address } from '../track/given.ts';

const A = address('10.0.0.1');
const B = address('10.0.0.2');
const never = () => false;

const told = (wrong: WrongChecksums) =>
  wrong.senders.map(({ address: sender, count }) => `${sender} ${count}`);

test('a sender is told while all of its checksums are wrong', () => {
  const wrong = new WrongChecksums();
  wrong.noteRight(A);
  for (let packet = 0; packet < 3; packet++) wrong.noteWrong(A, never);
  wrong.noteWrong(B, never);
  expect(told(wrong)).toEqual(['10.0.0.1 3', '10.0.0.2 1']);
  wrong.noteRight(A);
  wrong.noteWrong(A, never);
  expect(told(wrong)).toEqual(['10.0.0.2 1']);
});

test('a sender of a right checksum before is not', () => {
  const wrong = new WrongChecksums();
  wrong.noteWrong(A, (source) => source.equals(A));
  wrong.noteWrong(A, never);
  expect(told(wrong)).toEqual([]);
});

test('a million senders are not followed, and a new reading begins anew', () => {
  const wrong = new WrongChecksums();
  const sender = address('10.0.0.1');
  for (let count = 0; count < 1_000_000; count++) {
    sender.w3 = count;
    wrong.noteWrong(sender, never);
  }
  expect(told(wrong)).toHaveLength(64);
  wrong.clear();
  expect(told(wrong)).toEqual([]);
});
