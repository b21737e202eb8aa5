import { expect, test, vi } from 'vitest';
import { openAll } from '../../src/cli/replay-files.ts';

const file = { name: 'x.pcap', read: () => ({ next: () => null, close: () => {} }), close: () => {} };
vi.mock('../../src/capture/file/open.ts', () => ({ openCaptureFile: () => file }));

test('a folder may have more files than a call takes arguments', async () => {
  const paths = Array.from({ length: 135_000 }, () => 'x.pcap');
  expect((await openAll([paths])).length).toBe(paths.length);
});
