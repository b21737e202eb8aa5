import { describe, expect, onTestFinished, test } from 'vitest';
import { Query } from '../../src/commands/query.ts';

/** A shell that answers each line by `answer` and the line `end`. */
function given(answer: string) {
  const query = new Query({
    tool: { command: 'sh', package: 'dash' },
    args: ['-c', `while read -r word; do ${answer}; echo end; done`],
    question: 'word\n',
    end: /^end\n/m,
  });
  onTestFinished(() => query.close());
  return query;
}

describe('a query', () => {
  test('is answered by the same process each time', async () => {
    const query = given('echo $$');
    const answers = [await query.ask(), await query.ask()];
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]).toEqual({ text: expect.stringMatching(/^\d+\n$/) });
  });

  test('may have an answer of many lines, in pieces, and none', async () => {
    expect(await given('printf "a\\nb\\ne"; sleep 0.05; printf "nd no\\n"').ask()).toEqual({
      text: 'a\nb\nend no\n',
    });
    expect(await given(':').ask()).toEqual({ text: '' });
  });

  test('fails when the program ends, and the next one starts it again', async () => {
    const query = given('exit 3');
    expect(await query.ask()).toEqual({ failure: 'sh: exit status 3' });
    expect(await query.ask()).toEqual({ failure: 'sh: exit status 3' });
  });

  test('fails when the program says nothing', async () => {
    expect(await given('sleep 60').ask()).toEqual({ failure: 'sh: no answer within 5 s' });
  });

  test('fails when the program says too much', async () => {
    expect(await given('yes').ask()).toEqual({ failure: 'sh: said more than 16 MiB' });
  });

  test('fails when there is no such program, and at the end', async () => {
    const query = new Query({
      tool: { command: 'no-such-program', package: 'none' },
      args: [],
      question: '',
      end: /^end\n/m,
    });
    expect(await query.ask()).toEqual({ failure: 'no-such-program: not found; install none' });
    await query.close();
    expect(await query.ask()).toEqual({ failure: 'portsentry is ending' });
  });
});
