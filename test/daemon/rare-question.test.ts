import { expect, test } from 'vitest';
import { RareQuestion } from '../../src/daemon/rare-question.ts';

test('a costly question is asked rarely, and everybody gets the last answer', async () => {
  let now = 0;
  let asked = 0;
  const question = new RareQuestion(
    async () => {
      now += 1_000;
      return ++asked;
    },
    () => now,
  );
  expect(question.answer).toBeNull();
  await question.look();
  expect(question.answer).toBe(1);
  now += 49_999;
  expect([question.answer, question.answer]).toEqual([1, 1]);
  expect(asked).toBe(1);
  now += 1;
  await question.look();
  expect(question.answer).toBe(2);
});

test('a cheap one every two seconds; one that fails keeps the last answer', async () => {
  let now = 0;
  let asked = 0;
  const question = new RareQuestion(
    async () => {
      if (++asked === 2) throw new Error('nft hangs');
      return asked;
    },
    () => now,
  );
  for (const expected of [1, 1, 3]) {
    await question.look();
    expect(question.answer).toBe(expected);
    now += 2_000;
  }
});
