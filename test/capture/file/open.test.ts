import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { Readable } from 'node:stream';
import { constants, createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../../src/capture/file/open.ts';
import { MAX_FRAME_BYTES } from '../../../src/capture/source.ts';
import { join, writePcap, writePcapng } from '../../support/capture-writer.ts';
import { hexOf, linesOf, type ReadCapture, readAll } from '../../support/read-capture.ts';

const NOTHING = Readable.from([]);
const FRAMES = Array.from({ length: 2000 }, (_, index) => ({
  data: new Uint8Array(index % 200).map((__, position) => (index * 31 + position * 17) & 0xff),
  seconds: index,
}));
const PCAP = writePcap({ frames: FRAMES });
const PCAPNG = writePcapng([
  { block: 'section' },
  { block: 'interface' },
  ...FRAMES.map(({ data }) => ({ block: 'enhanced', data }) as const),
]);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(joinPath(tmpdir(), 'portsentry-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(bytes: Uint8Array): string {
  const path = joinPath(folder, 'capture');
  writeFileSync(path, bytes);
  return path;
}

/** A new named pipe that no program opens. */
function emptyPipe(): string {
  const path = joinPath(folder, 'empty-pipe');
  rmSync(path, { force: true });
  spawnSync('mkfifo', [path]);
  return path;
}

/** Reads a capture twice, as a replay does, and expects the same result. */
async function readTwice(path: string, standardInput: Readable = NOTHING): Promise<ReadCapture> {
  const file = await openCaptureFile(path, () => standardInput);
  const first = await readAll(file.read());
  expect(linesOf(await readAll(file.read()))).toEqual(linesOf(first));
  file.close();
  return first;
}

function expectFrames({ frames, end }: ReadCapture): void {
  expect(hexOf(frames)).toEqual(hexOf(FRAMES));
  expect(end).toEqual({ status: 'complete' });
}

describe('a capture is read twice', () => {
  const half = Math.floor(PCAP.length / 2);
  const files: [string, Uint8Array][] = [
    ['pcap', PCAP],
    ['pcapng', PCAPNG],
    ['pcap in gzip', gzipSync(PCAP)],
    ['pcapng in gzip', gzipSync(PCAPNG)],
    ['pcap in two gzip members', join(gzipSync(PCAP.subarray(0, half)), gzipSync(PCAP.subarray(half)))],
    ['pcap in gzip, followed by zeros', join(gzipSync(PCAP), new Uint8Array(512))],
  ];
  test.each(files)('from a file: %s', async (_, bytes) => {
    expectFrames(await readTwice(fileOf(bytes)));
  });

  test.each(files)('from standard input: %s', async (_, bytes) => {
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 3), bytes.subarray(3)];
    expectFrames(await readTwice('-', Readable.from(pieces)));
    expect(readdirSync(tmpdir()).filter((name) => /^portsentry-[0-9a-f-]{36}$/.test(name))).toEqual([]);
  });

  test('from a named pipe', async () => {
    const path = joinPath(folder, 'pipe');
    spawnSync('mkfifo', [path]);
    const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', fileOf(PCAP), path], { stdio: 'inherit' });
    const ended = once(writer, 'exit');
    expectFrames(await readTwice(path));
    await ended;
  });
});

test('a pipe whose writer comes after us is waited for, and one that pauses is read to its end', async () => {
  const path = emptyPipe();
  const file = openCaptureFile(path, () => NOTHING);
  const script = 'exec > "$1"; head -c 100 "$0"; sleep 0.1; tail -c +101 "$0"';
  const writer = spawn('sh', ['-c', script, fileOf(PCAP), path], { stdio: 'inherit' });
  const ended = once(writer, 'exit');
  expectFrames(await readAll((await file).read()));
  (await file).close();
  await ended;
});

test('its name is its path, or standard input', async () => {
  const path = fileOf(PCAP);
  for (const [given, name] of [
    [path, path],
    ['-', 'standard input'],
  ] as const) {
    const file = await openCaptureFile(given, () => Readable.from([PCAP]));
    expect([file.name, file.read().name]).toEqual([name, name]);
    file.close();
  }
});

test('an endless input that is not a capture is read no further', async () => {
  let asked = 0;
  const endless = new Readable({
    read() {
      asked++;
      this.push(Buffer.alloc(65_536));
    },
  });
  const { end } = await readTwice('-', endless);
  expect(end).toEqual({ status: 'no-capture', reason: 'neither pcap nor pcapng' });
  expect(asked).toBeLessThan(10);
});

describe('an unreadable capture is reported', () => {
  test.each([
    ['no such file', () => joinPath(folder, 'missing'), 'no such file or directory'],
    ['a directory', () => folder, 'is a directory'],
    ['a device', () => '/dev/null', 'is neither a file nor a pipe'],
    ['fault 30: a pipe without a writer', emptyPipe, 'is a pipe that no program writes to'],
    ['a file with a read error', () => '/proc/self/mem', 'i/o error'],
  ])('%s', async (_, path, reason) => {
    expect(await readTwice(path())).toEqual({ frames: [], end: { status: 'unreadable', reason } });
  });

  test('a file without read permission', async () => {
    const path = fileOf(PCAP);
    chmodSync(path, 0);
    const result = await asNobody(() => readTwice(path));
    expect(result).toEqual({ frames: [], end: { status: 'unreadable', reason: 'permission denied' } });
    rmSync(path);
  });

  test('a socket', async () => {
    const path = joinPath(folder, 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const { end } = await readTwice(path);
    server.close();
    expect(end).toEqual({ status: 'unreadable', reason: 'is neither a file nor a pipe' });
  });

  test('standard input with a read error', async () => {
    const failing = new Readable({
      read() {
        this.destroy(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }));
      },
    });
    expect((await readTwice('-', failing)).end).toEqual({ status: 'unreadable', reason: 'i/o error' });
  });
});

/** Runs `work` without the rights of root, which may read everything. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const user = process.geteuid?.();
  if (user === 0) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (user === 0) process.seteuid?.(0);
  }
}

describe('gzip data', () => {
  test('that are cut off yield every whole frame', async () => {
    const compressed = gzipSync(PCAP);
    for (const length of [compressed.length - 1, compressed.length - 8, compressed.length >> 1]) {
      const cut = compressed.subarray(0, length);
      const { frames, end } = await readTwice(fileOf(cut));
      const plain = gunzipSync(cut, { finishFlush: constants.Z_SYNC_FLUSH });
      const offset = 24 + FRAMES.slice(0, frames.length).reduce((sum, { data }) => sum + 16 + data.length, 0);
      const next = FRAMES[frames.length];
      expect(hexOf(frames)).toEqual(hexOf(FRAMES.slice(0, frames.length)));
      expect(next === undefined || offset + 16 + next.data.length > plain.length).toBe(true);
      expect(end).toEqual({ status: 'broken', offset, reason: `at byte ${offset}: gzip data is cut off` });
    }
  });

  test('that are cut off in the gzip header yield nothing', async () => {
    const { frames, end } = await readTwice(fileOf(gzipSync(PCAP).subarray(0, 5)));
    expect(frames).toEqual([]);
    expect(end).toEqual({ status: 'broken', offset: 0, reason: 'at byte 0: gzip data is cut off' });
  });

  test('that are damaged yield the frames before the damage', async () => {
    const compressed = Uint8Array.from(gzipSync(PCAP));
    compressed.fill(0xff, compressed.length - 2000, compressed.length - 1900);
    const { frames, end } = await readTwice(fileOf(compressed));
    expect(frames.length).toBeGreaterThan(FRAMES.length / 2);
    expect(hexOf(frames)).toEqual(hexOf(FRAMES.slice(0, frames.length)));
    expect(end).toMatchObject({
      status: 'broken',
      reason: expect.stringContaining('gzip data is damaged: '),
    });
  });

  test('with a wrong checksum yield every frame', async () => {
    const compressed = Uint8Array.from(gzipSync(PCAP));
    compressed[compressed.length - 8] = (compressed.at(-8) as number) ^ 1;
    const { frames, end } = await readTwice(fileOf(compressed));
    expect(hexOf(frames)).toEqual(hexOf(FRAMES));
    const reason = `at byte ${PCAP.length}: gzip data is damaged: incorrect data check`;
    expect(end).toEqual({ status: 'broken', offset: PCAP.length, reason });
  });

  test('without a capture are reported', async () => {
    const { end } = await readTwice(fileOf(gzipSync('TCP_PORTS="1"')));
    expect(end).toEqual({ status: 'no-capture', reason: 'neither pcap nor pcapng' });
  });

  test('that expand to 512 MiB take less than 64 MiB of memory', async () => {
    const path = joinPath(folder, 'bomb');
    writeFileSync(path, await bomb(512));
    const file = await openCaptureFile(path, () => NOTHING);
    const before = process.memoryUsage().rss;
    let mostBytes = 0;
    let octets = 0;
    const source = file.read();
    for (let batch = await source.next(); batch !== null; batch = await source.next()) {
      for (let index = 0; index < batch.count; index++) octets += batch.capturedLength[index] as number;
      mostBytes = Math.max(mostBytes, process.memoryUsage().rss - before);
    }
    source.close();
    file.close();
    expect(source.end).toEqual({ status: 'complete' });
    expect(octets).toBe(512 * 4 * MAX_FRAME_BYTES);
    expect(mostBytes).toBeLessThan(64 * 1024 * 1024);
  });
});

/** A capture of `mebibytes` of zeros with maximum compression. */
async function bomb(mebibytes: number): Promise<Uint8Array> {
  const frame = { data: new Uint8Array(MAX_FRAME_BYTES) };
  const records = writePcap({ frames: [frame, frame, frame, frame] }).subarray(24);
  const gzip = createGzip({ level: constants.Z_BEST_COMPRESSION });
  const compressed: Uint8Array[] = [];
  gzip.on('data', (chunk: Uint8Array) => compressed.push(chunk));
  gzip.write(writePcap({ frames: [] }));
  for (let written = 0; written < mebibytes; written++) {
    if (!gzip.write(records)) await once(gzip, 'drain');
  }
  gzip.end();
  await once(gzip, 'end');
  return join(...compressed);
}
