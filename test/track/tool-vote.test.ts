import { describe, expect, test } from 'vitest';
import { ToolVote } from '../../src/track/tool-vote.ts';
import { synProbe } from '../support/probes.ts';

describe('the tool of a scan', () => {
  test('is what most of its probes look like', () => {
    const vote = new ToolVote();
    const nmap = synProbe({ flags: 0, window: 1_024 });
    for (let index = 0; index < 3; index++) vote.add(nmap);
    expect(vote.name).toBe('nmap');
    for (let index = 0; index < 7; index++) vote.add(synProbe({ window: 31_337, sequence: index * 3 }));
    expect(vote.name).toBeNull();
  });

  test('is not that of one chance among many', () => {
    const vote = new ToolVote();
    for (let index = 0; index < 5; index++) vote.add(synProbe({ window: 31_337, sequence: index * 3 }));
    expect(vote.add(synProbe({ window: 31_337 }, { identification: 54_321 }))).toBe('zmap');
    expect(vote.name).toBeNull();
  });

  test('is forgotten with it', () => {
    const vote = new ToolVote();
    vote.add(synProbe({ window: 512 }));
    vote.reset();
    expect(vote.name).toBeNull();
  });
});

test("two of unicornscan's SYNs give it away, and one does not", () => {
  const vote = new ToolVote();
  const add = (destinationPort: number, sourcePort: number) => {
    // To 10.99.0.2, as a little-endian host reads it.
    const sequence = (0xdeadbeef ^ 0x0200630a ^ ((destinationPort << 16) + sourcePort)) >>> 0;
    return vote.add(synProbe({ destinationPort, sourcePort, sequence, window: 4_096 }));
  };
  expect([add(23, 40_000), add(80, 51_234), add(443, 7)]).toEqual([null, 'unicornscan', 'unicornscan']);
  expect(vote.name).toBe('unicornscan');
  // The same SYN sent again says nothing.
  expect(add(443, 7)).toBeNull();
});
