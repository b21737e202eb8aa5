import { expect, test } from 'vitest';
import { LINKTYPE_ETHERNET } from '../../src/capture/link-type.ts';
import { classify } from '../../src/classify/classify.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { Reason } from '../../src/decode/reason.ts';
import { warmUpFrame } from '../../src/sensor/warm-up-frame.ts';

test('what is rehearsed is the whole way of a probe: a SYN whose sums are right', () => {
  const frame = warmUpFrame();
  const reader = new PacketReader(true, new Packet());
  expect(reader.read(frame, 0, frame.byteLength, frame.byteLength, LINKTYPE_ETHERNET)).toBe(Reason.none);
  expect(classify(reader.packet)).toBe(Kind.syn);
  expect(reader.verify(frame)).toBe(Reason.none);
  expect(`${reader.packet.source} ${reader.packet.destination}`).toBe('0.0.0.2 0.0.0.1');
});
