import { describe, expect, test } from 'vitest';
import { LINKTYPE_ETHERNET } from '../../src/capture/link-type.ts';
import { SourceState } from '../../src/track/source-state.ts';
import { ToolVote } from '../../src/track/tool-vote.ts';
import { probesIn, synProbe } from '../support/probes.ts';

describe('the tool of a scan', () => {
  test('is what most of its probes look like', () => {
    const vote = new ToolVote(new SourceState(1), 0);
    const nmap = synProbe({ flags: 0, window: 1_024 });
    for (let index = 0; index < 3; index++) vote.add(nmap);
    expect(vote.name).toBe('nmap');
    for (let index = 0; index < 7; index++) vote.add(synProbe({ window: 31_337, sequence: index * 3 }));
    expect(vote.name).toBeNull();
  });

  test('is not that of one chance match among many', () => {
    const vote = new ToolVote(new SourceState(1), 0);
    for (let index = 0; index < 5; index++) vote.add(synProbe({ window: 31_337, sequence: index * 3 }));
    expect(vote.add(synProbe({ window: 31_337 }, { identification: 54_321 }))).toBe('zmap');
    expect(vote.name).toBeNull();
  });

  test('is forgotten with the scan', () => {
    const vote = new ToolVote(new SourceState(1), 0);
    vote.add(synProbe({ window: 512 }));
    vote.reset();
    expect(vote.name).toBeNull();
  });
});

test("two of unicornscan's SYNs reveal it, and one does not", () => {
  const vote = new ToolVote(new SourceState(1), 0);
  const add = (destinationPort: number, sourcePort: number) => {
    // To 10.99.0.2, as a little-endian host reads it.
    const sequence = (0xdeadbeef ^ 0x0200630a ^ ((destinationPort << 16) + sourcePort)) >>> 0;
    return vote.add(synProbe({ destinationPort, sourcePort, sequence, window: 4_096 }));
  };
  expect([add(23, 40_000), add(80, 51_234), add(443, 7)]).toEqual([null, 'unicornscan', 'unicornscan']);
  expect(vote.name).toBe('unicornscan');
  // A repeated SYN reveals nothing.
  expect(add(443, 7)).toBeNull();
});

/**
 * Recorded by tcpdump behind a veth pair, to two addresses. The sender was unicornscan's own code, which numbers,
 * builds and sends its SYNs (src/scan_progs/send_packet.c, makepkt.c, init_packet.c and tcphash.h of its source,
 * commit 50cfd044), compiled separately with the program's default settings, because no distribution at hand packages
 * the program.
 */
const RECORDED = [
  '3a3fdabf1188866ecb62e2fe08004500002c03210000ff06a3e20a6300010a6300028178006476a302bd000000006002102078010000020405b4',
  '3a3fdabf1188866ecb62e2fe08004500002cf54e0000ff06b1b40a6300010a63000242ec006576a2c1290000000060021020f8200000020405b4',
  '3a3fdabf1188866ecb62e2fe08004500002c783a0000ff062ec90a6300010a6300028fc8006676a10c0d000000006002102060610000020405b4',
  '3a3fdabf1188866ecb62e2fe08004500002cf5ed0000ff06b1140a6300010a6300038c47006477a30f8200000000600210205f6c0000020405b4',
  '3a3fdabf1188866ecb62e2fe08004500002c56770000ff06508b0a6300010a630003708c006577a2f3490000000060021020975f0000020405b4',
];

test("the SYNs that unicornscan's sender puts on the wire reveal it, from the second one on", () => {
  const vote = new ToolVote(new SourceState(1), 0);
  const frames = RECORDED.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
  const probes = probesIn(
    frames.map((data) => ({ data, wireLength: data.length, linkType: LINKTYPE_ETHERNET, time: 0 })),
  );
  expect(probes.map((probe) => vote.add(probe))).toEqual([
    null,
    'unicornscan',
    'unicornscan',
    'unicornscan',
    'unicornscan',
  ]);
  expect(vote.name).toBe('unicornscan');
});
