import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { logFile } from '../../../src/cli/logs/files.ts';
import type { LogQuery } from '../../../src/cli/logs/line.ts';
import { parseSyslogLine, syslogTime } from '../../../src/cli/logs/parse.ts';
import { testFolder } from '../../record/given.ts';
import { eventually } from '../../support/eventually.ts';

const START = Date.parse('2026-11-30T00:00:00Z');

/** Line `number` of a log: each is a second later than the one before. */
const line = (number: number, tag = 'portsentry[7]') =>
  `${new Date(START + number * 1_000).toISOString()} web1 ${tag}: line ${number}\n`;

const linesOf = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => line(first + index)).join('');

function place(path: string, maxBytes?: number) {
  return logFile({
    ...(maxBytes === undefined ? {} : { maxBytes }),
    path,
    isPartial: false,
    parse: parseSyslogLine,
    timeOf: syslogTime,
    now: () => START + 1e9,
  });
}

async function read(path: string, query: Partial<LogQuery> = {}): Promise<string[]> {
  const texts: string[] = [];
  const signal = new AbortController().signal;
  for await (const { text } of place(path).read({ lines: 50, since: null, follow: false, signal, ...query }))
    texts.push(text);
  return texts;
}

const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `line ${first + index}`);

describe('the last lines', () => {
  test('of a long file with lines of others are found from its end', async () => {
    const path = join(testFolder(), 'syslog');
    const others = (number: number) => line(number, 'sshd[1]').repeat(40);
    writeFileSync(path, Array.from({ length: 2_000 }, (_, number) => line(number) + others(number)).join(''));
    expect(await read(path, { lines: 3 })).toEqual(numbers(1_997, 1_999));
    expect(await read(path, { lines: 0 })).toEqual([]);
    expect(await read(path, { lines: 10_000 })).toEqual(numbers(0, 1_999));
    expect(await read(path, { since: START + 1_990_000 })).toEqual(numbers(1_990, 1_999));
  });

  test('go on in rotated files, also gzipped ones, as far as they are asked for', async () => {
    const path = join(testFolder(), 'syslog');
    writeFileSync(`${path}.3.gz`, gzipSync(linesOf(0, 999)));
    writeFileSync(`${path}.2.gz`, gzipSync(linesOf(1_000, 1_999)).subarray(0, -20));
    writeFileSync(`${path}.1`, linesOf(2_000, 2_999));
    writeFileSync(path, linesOf(3_000, 3_004));
    expect(await read(path, { lines: 10 })).toEqual(numbers(2_995, 3_004));
    expect((await read(path, { lines: 2_000 })).length).toBe(2_000);
    const all = await read(path, { lines: 10_000 });
    expect(all.slice(0, 1_000)).toEqual(numbers(0, 999));
    expect(all.at(-1)).toBe('line 3004');
    expect(await read(path, { since: START + 2_998_000 })).toEqual(numbers(2_998, 3_004));
  });

  test('of a file without a line feed at its end, with endless lines and other bytes', async () => {
    const path = join(testFolder(), 'syslog');
    writeFileSync(
      path,
      Buffer.concat([
        Buffer.from(line(1)),
        Buffer.alloc(300_000, 0x78),
        Buffer.from(`\n${line(2)}`),
        Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
        Buffer.from(line(3).trimEnd()),
      ]),
    );
    expect(await read(path)).toEqual(numbers(1, 3));
  });

  test('of a gzipped file without a line feed at its end', async () => {
    const path = join(testFolder(), 'syslog');
    writeFileSync(`${path}.1.gz`, gzipSync(linesOf(1, 3).trimEnd()));
    writeFileSync(path, line(4));
    expect(await read(path)).toEqual(numbers(1, 4));
  });

  test('are searched no further than the bound, also in a gzipped file with lines of others alone', async () => {
    const path = join(testFolder(), 'syslog');
    writeFileSync(`${path}.1.gz`, gzipSync(line(1) + line(2, 'sshd[1]').repeat(60_000) + line(3)));
    writeFileSync(path, line(4));
    expect(await read(path)).toEqual([...numbers(1, 1), ...numbers(3, 4)]);
    const found: string[] = [];
    const query = { lines: 50, since: null, follow: false, signal: new AbortController().signal };
    for await (const { text } of place(path, 1_000_000).read(query)) found.push(text);
    expect(found).toEqual(['line 1', 'line 4']);
  });

  test.each(['a pipe', 'a folder'])('%s is refused at once', async (kind) => {
    const path = join(testFolder(), 'syslog');
    if (kind === 'a pipe') execFileSync('mkfifo', [path]);
    else mkdirSync(path);
    await expect(read(path)).rejects.toThrow('not a regular file');
  });
});

describe('a file that is followed', () => {
  /** Follows a file; `got` has what came so far. */
  function follow(path: string, lines = 2) {
    const got: string[] = [];
    const end = new AbortController();
    const done = (async () => {
      const query = { lines, since: null, follow: true, signal: end.signal };
      for await (const { text } of place(path).read(query)) got.push(text);
    })();
    return {
      got,
      stop: () => {
        end.abort();
        return done;
      },
    };
  }

  test('is followed through renaming and emptying, and loses nothing', async () => {
    const path = join(testFolder(), 'syslog');
    writeFileSync(path, linesOf(1, 5));
    const { got, stop } = follow(path);
    await eventually(() => expect(got).toEqual(numbers(4, 5)));
    appendFileSync(path, line(6).slice(0, 20));
    appendFileSync(path, line(6).slice(20) + line(7));
    await eventually(() => expect(got).toEqual(numbers(4, 7)));
    // As logrotate renames: the old file gets a last line after the new one is there.
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, line(8));
    await eventually(() => expect(got).toEqual(numbers(4, 8)));
    writeFileSync(path, linesOf(9, 2_000));
    await eventually(() => expect(got).toEqual(numbers(4, 2_000)));
    // As it does with copytruncate.
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    await new Promise((resolve) => setTimeout(resolve, 600));
    appendFileSync(path, line(2_001));
    await eventually(() => expect(got).toEqual(numbers(4, 2_001)));
    await stop();
  });

  test('need not be there yet', async () => {
    const path = join(testFolder(), 'syslog');
    const { got, stop } = follow(path, 10);
    writeFileSync(path, linesOf(1, 3));
    await eventually(() => expect(got).toEqual(numbers(1, 3)));
    await stop();
  });
});
