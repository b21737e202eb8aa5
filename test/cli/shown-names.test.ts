import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { renderSummary } from '../../src/cli/replay-summary.ts';
import type { Summary } from '../../src/replay/summary.ts';
import { replayWith } from '../support/replay-in-process.ts';

test('the name of a damaged capture reaches the terminal without control characters', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-names-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'a\u001b[2J\nb.pcap');
  writeFileSync(path, '');
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  await replayWith(0, [path]);
  expect(write.mock.calls.map(([text]) => text)).toEqual([expect.stringMatching(/^portsentry: \P{Cc}+\n$/u)]);
});

test('a comment in the summary has no characters that turn the text', () => {
  const summary = { files: 1, comments: ['a\u202eb'], first: null, last: null, linkTypes: [], leftOut: [] };
  const rest = {
    packets: 0,
    probes: 0,
    scans: 0,
    sources: 0,
    targets: 0,
    topSources: [],
    topPorts: [],
    hints: [],
  };
  const flags = { hasMoreSources: false, hasMoreTargets: false };
  const text = renderSummary({ ...summary, ...rest, ...flags } satisfies Summary, null, 1);
  expect(text).toMatch(/comment\s+a\?b/);
});
