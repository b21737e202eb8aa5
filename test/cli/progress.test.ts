import { expect, test } from 'vitest';
import type { CaptureSource } from '../../src/capture/source.ts';
import { bytesOf, Progress } from '../../src/cli/progress.ts';

function given(total: number) {
  const written: string[] = [];
  let now = 1_000;
  const progress = new Progress({ write: (text) => void written.push(text) }, total, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { progress, written, pass };
}

const at = (position: number) => ({ position }) as CaptureSource;

test('a short pass shows nothing', () => {
  const { progress, written, pass } = given(1e6);
  progress.begin('first pass');
  pass(499);
  progress.note(4_096, at(5e5));
  progress.clear();
  expect(written).toEqual([]);
});

test('a long pass shows octets, packets and the time left, five times a second at most', () => {
  const { progress, written, pass } = given(10e6);
  progress.begin('first pass');
  progress.note(1, at(1e6));
  progress.endOf(at(2e6));
  pass(2_000);
  progress.note(4_096, at(2e6));
  pass(199);
  progress.note(4_096, at(3e6));
  pass(1);
  progress.note(4_096, at(3e6));
  progress.clear();
  progress.clear();
  expect(written).toEqual([
    '\r\x1b[Kfirst pass: 4.0 of 10.0 MB, 4097 packets, 3 s left',
    '\r\x1b[Kfirst pass: 5.0 of 10.0 MB, 12289 packets, 2 s left',
    '\r\x1b[K',
  ]);
});

test('of a pipe the length is not known', () => {
  const { progress, written, pass } = given(bytesOf(['package.json', '-']));
  progress.begin('last pass');
  pass(600);
  progress.note(10, at(1e6));
  expect(written).toEqual(['\r\x1b[Klast pass: 1.0 MB, 10 packets']);
  expect(bytesOf(['package.json', 'package.json'])).toBeGreaterThan(1_000);
  expect(bytesOf(['/nonexistent'])).toBe(0);
  expect(bytesOf(['x'.repeat(300)])).toBe(0);
});
