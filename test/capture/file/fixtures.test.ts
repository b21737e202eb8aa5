import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { openCaptureFile } from '../../../src/capture/file/open.ts';
import { CAPTURE_NAMES, capturePath } from '../../support/golden.ts';
import { parseByPcapParser } from '../../support/pcap-parser.ts';
import { readAll } from '../../support/read-capture.ts';

/** pcap-parser reads neither nanosecond files nor pcapng nor gzip. */
const CLASSIC = CAPTURE_NAMES.filter((name) => name.endsWith('.pcap') && !name.includes('nanoseconds'));

test.each(CLASSIC)('pcap-parser agrees on %s', async (name) => {
  const theirs = await parseByPcapParser(createReadStream(capturePath(name)));
  const file = await openCaptureFile(capturePath(name), () => Readable.from([]));
  const { frames, end } = await readAll(file.read());
  file.close();
  expect(end).toEqual({ status: 'complete' });
  expect(frames).toHaveLength(theirs.length);
  expect(theirs.length).toBeGreaterThan(0);
  for (const [index, { header, data }] of theirs.entries()) {
    const frame = frames[index];
    expect(Buffer.compare(frame?.data ?? Buffer.of(), data)).toBe(0);
    expect(frame?.wireLength).toBe(header.originalLength);
    expect(frame?.time).toBe((header.timestampSeconds * 1e6 + header.timestampMicroseconds) / 1e3);
  }
});
