import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Dialog, type DialogProgram } from '../../src/commands/dialog.ts';
import { testFolder } from '../respond/given.ts';

/** A program with these commands, whose error message for `?WORD` contains the word. */
const SCRIPT = `
  const { appendFileSync, existsSync, writeFileSync } = require('node:fs');
  const once = (file) => !existsSync(file) && (writeFileSync(file, ''), true);
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const [command, argument] = line.split(' ');
    if (line.startsWith('?')) process.stderr.write('what is ' + line.slice(1) + '\\nafterthought\\n');
    if (command === 'fault') process.stderr.write('fault: ' + argument + '\\n');
    if (command === 'do') appendFileSync(argument, 'done ' + process.pid + '\\n');
    if (command === 'die' || (command === 'die-once' && once(argument))) process.exit(3);
    if (command === 'hang-once' && once(argument)) for (;;);
  });`;

const PROGRAM: DialogProgram = {
  tool: { command: process.execPath, package: 'nodejs' },
  args: ['-e', SCRIPT],
  invalidLine: (word) => `?${word}`,
  errorWith: (word) => new RegExp(`what is ${word}\\n`),
  errorTail: /^afterthought\n/,
};

function dialogWith(program: Partial<DialogProgram> = {}): Dialog {
  const dialog = new Dialog({ ...PROGRAM, ...program });
  onTestFinished(() => dialog.close());
  return dialog;
}

test('each question gets its own errors, and no others', async () => {
  const dialog = dialogWith();
  const questions = ['do /dev/null', 'fault one', '', 'fault two\nfault three', 'do /dev/null'];
  expect(await Promise.all(questions.map((text) => dialog.ask(text)))).toEqual([
    { stderr: '' },
    { stderr: 'fault: one\n' },
    { stderr: '' },
    { stderr: 'fault: two\nfault: three\n' },
    { stderr: '' },
  ]);
});

test('one process answers all', async () => {
  const log = join(testFolder(), 'log');
  const dialog = dialogWith();
  for (let count = 0; count < 20; count++) expect(await dialog.ask(`do ${log}`)).toEqual({ stderr: '' });
  expect(readFileSync(log, 'utf8')).toBe(`done ${dialog.pid}\n`.repeat(20));
});

test('when it dies, the unanswered questions are asked again, and no others', async () => {
  const folder = testFolder();
  const log = (name: string) => join(folder, name);
  const dialog = dialogWith();
  expect(await dialog.ask(`do ${log('before')}`)).toEqual({ stderr: '' });
  const first = dialog.pid;
  const questions = [`do ${log('first')}`, `die-once ${log('marker')}\nfault x`, `do ${log('last')}`];
  expect(await Promise.all(questions.map((text) => dialog.ask(text)))).toEqual([
    { stderr: '' },
    { stderr: 'fault: x\n' },
    { stderr: '' },
  ]);
  expect(dialog.pid).not.toBe(first);
  expect(readFileSync(log('before'), 'utf8')).toBe(`done ${first}\n`);
  expect(readFileSync(log('last'), 'utf8')).toBe(`done ${dialog.pid}\n`);
});

test('when it dies in the middle of an answer, the next process gives the whole answer', async () => {
  const marker = join(testFolder(), 'marker');
  expect(await dialogWith().ask(`fault one\ndie-once ${marker}`)).toEqual({ stderr: 'fault: one\n' });
});

test('when it dies each time, the waiting questions fail', async () => {
  const dialog = dialogWith();
  const failure = `${process.execPath}: exit status 3`;
  expect(await Promise.all([dialog.ask('die'), dialog.ask('')])).toEqual([{ failure }, { failure }]);
  expect(await dialog.ask('')).toEqual({ stderr: '' });
});

test('when it is killed between two questions, a new process answers the next one', async () => {
  const dialog = dialogWith();
  await dialog.ask('');
  const first = dialog.pid as number;
  process.kill(first, 'SIGKILL');
  expect(await dialog.ask('fault x')).toEqual({ stderr: 'fault: x\n' });
  expect(dialog.pid).not.toBe(first);
});

test('when it hangs, it is replaced', async () => {
  const marker = join(testFolder(), 'marker');
  const dialog = dialogWith();
  await dialog.ask('');
  const first = dialog.pid as number;
  expect(await Promise.all([dialog.ask(`hang-once ${marker}`), dialog.ask('fault x')])).toEqual([
    { stderr: '' },
    { stderr: 'fault: x\n' },
  ]);
  expect(existsSync(`/proc/${first}`)).toBe(false);
}, 20_000);

test('a program that was paused together with this process is not replaced', async () => {
  const log = join(testFolder(), 'log');
  const dialog = dialogWith();
  await dialog.ask('');
  const first = dialog.pid as number;
  process.kill(first, 'SIGSTOP');
  const answer = dialog.ask(`do ${log}`);
  // As a virtual machine that is paused.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_500);
  process.kill(first, 'SIGCONT');
  for (const asked of [answer, dialog.ask(`do ${log}`)]) expect(await asked).toEqual({ stderr: '' });
  expect(readFileSync(log, 'utf8'), 'the same process').toBe(`done ${first}\n`.repeat(2));
});

test('a missing program is reported, each time', async () => {
  const dialog = dialogWith({ tool: { command: 'no-such-program', package: 'nothing' } });
  const failure = 'no-such-program: not found; install nothing';
  expect(await dialog.ask('')).toEqual({ failure });
  expect(await dialog.ask('')).toEqual({ failure });
});

test('after 16 MiB of questions a new process takes over, and no answer is lost', async () => {
  const dialog = dialogWith();
  await dialog.ask('');
  const first = dialog.pid as number;
  const long = `nothing ${'x'.repeat(1_000)}\n`.repeat(9_000);
  expect(await Promise.all([dialog.ask(long), dialog.ask(`${long}fault x`)])).toEqual([
    { stderr: '' },
    { stderr: 'fault: x\n' },
  ]);
  expect(await dialog.ask('fault y')).toEqual({ stderr: 'fault: y\n' });
  expect(dialog.pid).not.toBe(first);
});

test('once it is closed, questions fail and the process is gone', async () => {
  const dialog = dialogWith();
  await dialog.ask('');
  const pid = dialog.pid as number;
  const waiting = dialog.ask('');
  await dialog.close();
  expect(await waiting).toEqual({ failure: 'portsentry is ending' });
  expect(await dialog.ask('')).toEqual({ failure: 'portsentry is ending' });
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});
