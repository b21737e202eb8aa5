import { expect, test } from 'vitest';
import { FragmentReader } from '../../support/fragment-reader.ts';
import { ethernet, ipPacket, SYN, tcpPacket, tcpSegment, udpPacket } from '../../support/frames.ts';

const ENDS = { source: '10.0.0.1', destination: '10.0.0.2' };

/** A SYN whose data offset makes its payload options. */
function withOptions(words: number[]): Uint8Array {
  const payload = new Uint8Array(words.length * 4);
  const view = new DataView(payload.buffer);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word);
  const segment = tcpSegment({ ...ENDS, destinationPort: 23, flags: SYN, payload });
  segment[12] = (5 + words.length) << 4;
  return ethernet(ipPacket(ENDS, 6, segment));
}

/** The header length and the first option word. */
function optionsOf(frame: Uint8Array, wireLength = frame.length): [number, number] {
  const reader = new FragmentReader(false);
  reader.read(frame, 1, wireLength);
  reader.verify();
  return [reader.packet.tcpHeaderLength, reader.packet.firstOption];
}

test('the header length and the first option word are read', () => {
  expect(optionsOf(withOptions([0x020405b4]))).toEqual([24, 0x020405b4]);
  expect(optionsOf(withOptions([0xfedcba98, 1, 2, 3, 4, 5, 6, 7, 8, 9]))).toEqual([60, 0xfedcba98]);
});

test('a header without options has no option word, whatever follows it', () => {
  const payload = new Uint8Array([1, 2, 3, 4]);
  expect(optionsOf(ethernet(tcpPacket({ ...ENDS, destinationPort: 23, flags: SYN, payload })))).toEqual([
    20, 0,
  ]);
});

test('when the options are cut off, the header length is known', () => {
  const frame = withOptions([0x020405b4]);
  expect(optionsOf(frame.slice(0, -1), frame.length)).toEqual([24, 0]);
});

test('a datagram has neither', () => {
  expect(optionsOf(ethernet(udpPacket({ ...ENDS, destinationPort: 23 })))).toEqual([0, 0]);
});
