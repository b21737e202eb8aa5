import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppendFile } from '../../src/record/append-file.ts';
import { cleanName } from '../../src/record/names.ts';
import { oneLine } from '../../src/record/one-line.ts';
import { Recorder } from '../../src/record/recorder.ts';
import type { Reported } from '../../src/track/reported.ts';
import { NOON, probeEvent } from '../record/given.ts';
import { newReported } from '../support/reported.ts';

const text = fc.string({ unit: 'binary', maxLength: 3_000 });

test('any text becomes one line of bounded length without control characters', () => {
  fc.assert(
    fc.property(text, (given) => {
      expect(oneLine(given)).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{0,2003}$/);
    }),
  );
});

test('any answer of a resolver becomes a harmless name that is no address', () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.ipV4(), fc.ipV6(), fc.domain()), (answer) => {
      const name = cleanName(answer);
      if (name === null) return;
      expect(name).toMatch(/^[A-Za-z0-9._-]{1,255}$/);
      expect(name).not.toMatch(/^[\d.]+$/);
    }),
  );
});

test('in any order of probes, repeats and pauses, every alert has its line or is in a sum', () => {
  const step = fc.record({
    repeat: fc.boolean(),
    pause: fc.constantFrom(0, 500, 30_000, 60_000, 90_000),
    tick: fc.boolean(),
    source: fc.constantFrom('10.0.0.1', '10.0.0.2', '2001:db8::1'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const lines: string[] = [];
      const recorder = new Recorder({
        logFormat: 1,
        sumUp: true,
        text: (line) => lines.push(line),
        events: null,
        history: null,
        names: null,
      });
      const reported = new Map<string, Reported>();
      let time = NOON;
      for (const { repeat, pause, tick, source } of steps) {
        time += pause;
        if (tick) recorder.tick(time);
        const memory = reported.get(source) ?? newReported();
        reported.set(source, memory);
        recorder.probe(probeEvent({ time, repeat, source }), memory);
      }
      recorder.close();
      const single = lines.filter((line) => line.includes(' scan from host: ')).length;
      expect(single + sum(lines, /^attackalert: (\d+) more probes/)).toBe(steps.length);
    }),
  );
});

test('whenever logrotate moves the file, every line is in one of the files, once and in order', () => {
  const step = fc.constantFrom('write', 'flush', 'rotate', 'second');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const folder = mkdtempSync(join(tmpdir(), 'portsentry-rotate-'));
      try {
        const path = join(folder, 'log');
        const file = new AppendFile(path, (trouble) => expect.fail(trouble));
        const moved: string[] = [];
        let written = 0;
        let now = NOON;
        file.open();
        for (const action of steps) {
          if (action === 'write') file.write(`${++written}`, now);
          else if (action === 'flush') file.flushSync();
          else if (action === 'second') now += 1_000;
          else moved.push(moveAway(path, `${path}.${moved.length}`));
        }
        file.close();
        const all = [...moved, path].map(contentOf).join('');
        expect(all.trimEnd().split('\n').filter(Boolean)).toEqual(
          Array.from({ length: written }, (_, index) => `${index + 1}`),
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 50 },
  );
});

function sum(lines: readonly string[], pattern: RegExp): number {
  return lines.reduce((total, line) => total + Number(pattern.exec(line)?.[1] ?? 0), 0);
}

/** Renames the file as logrotate does; does nothing if there is no file yet. */
function moveAway(path: string, to: string): string {
  try {
    renameSync(path, to);
  } catch {}
  return to;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
