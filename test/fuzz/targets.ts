import { CaptureReader } from '../../src/capture/file/reader.ts';
import * as linkTypes from '../../src/capture/link-type.ts';
import { classify, fillProbe } from '../../src/classify/classify.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { Reason } from '../../src/decode/reason.ts';
import { FragmentReader } from '../support/fragment-reader.ts';

/** Takes any bytes. Throws or hangs only because of a bug. */
export type Target = (bytes: Uint8Array) => void | Promise<void>;

const LINK_TYPES: readonly number[] = Object.values(linkTypes).filter((value) => typeof value === 'number');

/** The number of bytes before the frame in an input for the target `frame`. */
export const FRAME_PREFIX_BYTES = 3;

const reader = new FragmentReader();
const packet = new Packet();
const probe = new Probe();

/**
 * The first two bytes are the link type, the third is the number of bytes that the snap length cut off, and the rest is
 * the frame. Fragments stay in the table from one input to the next, as they do from one frame to the next.
 */
function fuzzFrame(bytes: Uint8Array): void {
  const number = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  const linkType = LINK_TYPES.includes(number) ? number : (LINK_TYPES[number % LINK_TYPES.length] ?? 0);
  const frame = bytes.subarray(FRAME_PREFIX_BYTES);
  reader.packet.time += 1;
  if (reader.read(frame, linkType, frame.length + (bytes[2] ?? 0)) !== Reason.none) return;
  if (reader.verify() !== Reason.none) return;
  const kind = classify(reader.packet);
  if (kind !== Kind.none) fillProbe(probe, reader.packet, kind);
}

/** The first byte chooses the size of the pieces in which the capture arrives. The rest is the capture. */
async function fuzzCapture(bytes: Uint8Array): Promise<void> {
  const pieceBytes = 1 + (bytes[0] ?? 0);
  let at = 1;
  const reader = new CaptureReader('fuzz', {
    read(into) {
      const part = bytes.subarray(at, at + Math.min(pieceBytes, into.length));
      into.set(part);
      at += part.length;
      return part.length;
    },
    close() {},
  });
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    for (let index = 0; index < batch.count; index++) {
      const offset = batch.offset[index] as number;
      const captured = batch.capturedLength[index] as number;
      decodeFrame(batch.view, offset, captured, captured, batch.linkType[index] as number, packet);
    }
  }
  reader.close();
  if (reader.end === null) throw new Error('a capture without an end');
}

/** The targets by name. */
export const TARGETS: Readonly<Record<string, Target>> = { frame: fuzzFrame, capture: fuzzCapture };
