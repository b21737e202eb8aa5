import { expect, test } from 'vitest';
import { PLAIN, paintFor } from '../../src/cli/colour.ts';
import { renderCheck } from '../../src/cli/doctor.ts';
import { renderBlocks } from '../../src/cli/list.ts';
import { renderStatus } from '../../src/cli/status.ts';
import { renderWhy } from '../../src/cli/why.ts';
import { BLOCK, KERNEL_STATUS, NOW, STATUS, WHY } from '../control/given.ts';

const TERMINAL = { isTTY: true };
const COLOURED = paintFor(TERMINAL, { TERM: 'xterm' });

/** Every escape sequence of ours, out. */
const plain = (text: string) => text.replace(/\u001b\[\d+m/g, '');

test.each<[stream: { isTTY?: boolean }, env: Record<string, string>, coloured: boolean]>([
  [TERMINAL, { TERM: 'xterm' }, true],
  [TERMINAL, { TERM: 'xterm', NO_COLOR: '' }, true],
  [TERMINAL, { TERM: 'xterm', NO_COLOR: '1' }, false],
  [TERMINAL, { TERM: 'dumb' }, false],
  [TERMINAL, {}, false],
  [{}, { TERM: 'xterm' }, false],
])('%j with %j: %s', (stream, env, coloured) => {
  expect(paintFor(stream, env)('red', 'x')).toBe(coloured ? '\u001b[31mx\u001b[39m' : 'x');
});

test('colours change no word and no width, and only what needs attention has one', () => {
  const gone = { ...BLOCK, target: '10.99.0.200', inForce: false };
  const blocks = [BLOCK, gone, { ...BLOCK, inForce: null }];
  const status = { ...KERNEL_STATUS, breaker: { open: true, threshold: 300 } };
  const why = { ...WHY, block: gone };
  for (const render of [
    (paint = PLAIN) => renderBlocks(blocks, NOW, paint),
    (paint = PLAIN) => renderStatus(status, paint),
    (paint = PLAIN) => renderWhy(why, NOW, paint),
    (paint = PLAIN) => renderCheck({ name: 'capture', result: 'fail', message: 'it ended' }, paint),
  ]) {
    expect(plain(render(COLOURED))).toBe(render());
    expect(render(COLOURED)).toContain('\u001b[31m');
  }
  const list = renderBlocks(blocks, NOW, COLOURED).split('\n');
  expect(list[0]).toMatch(/^\u001b\[1mTARGET/);
  expect(list[1]).not.toContain('\u001b');
  expect(renderStatus(STATUS, COLOURED).split('\n').slice(1).join('\n')).toContain(
    '\u001b[31m11 in force, 12 due',
  );
});

test('what a name brings along is no colour', () => {
  const hostile = { ...BLOCK, kind: 'manual' as const, note: '\u001b[31mred\u001b[0m' };
  expect(renderBlocks([hostile], NOW, COLOURED).split('\n')[1]).toContain('by hand: ?[31mred?[0m');
});
