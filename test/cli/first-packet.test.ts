import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { firstPacketOf } from '../../src/cli/first-packet.ts';
import { openAll } from '../../src/cli/replay-files.ts';
import { writePcap } from '../support/capture-writer.ts';
import { ethernet, SYN, tcpPacket } from '../support/frames.ts';

const FRAME = ethernet(
  tcpPacket({ source: '10.0.0.1', destination: '10.0.0.2', destinationPort: 1, flags: SYN }),
);

/** Captures with these first seconds, null for one without packets. Returns their paths. */
function write(seconds: Readonly<Record<string, number | null>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-first-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return Object.entries(seconds).map(([name, second]) => {
    const path = join(folder, name);
    writeFileSync(path, writePcap({ frames: second === null ? [] : [{ data: FRAME, seconds: second }] }));
    return path;
  });
}

const namesOf = (files: readonly { name: string }[]) => files.map(({ name }) => name.split('/').at(-1));

test('the files of a folder are in the order of their first packets, and other words as they stand', async () => {
  const ring = write({ 'a.pcap0': 300, 'a.pcap1': null, 'a.pcap2': 100, 'a.pcap3': 200, 'a.pcap4': 200 });
  const [late = ''] = write({ late: 900 });
  const files = await openAll([[late], ring, ['/none']]);
  expect(namesOf(files)).toEqual(['late', 'a.pcap2', 'a.pcap3', 'a.pcap4', 'a.pcap0', 'a.pcap1', 'none']);
  expect(await firstPacketOf(files)).toBe(100_000);
  expect(await firstPacketOf([])).toBeNull();
});
