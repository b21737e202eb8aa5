import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ObjectStream } from '../../../src/share/crowdsec/object-stream.ts';

/** The objects that a stream finds in a text that comes in pieces of this many octets. */
function read(text: string, pieceBytes: number): [string, unknown][] {
  const found: [string, unknown][] = [];
  const stream = new ObjectStream((array, object) => found.push([array, JSON.parse(object)]));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) stream.take(bytes.subarray(at, at + pieceBytes));
  expect(stream.hasEnded).toBe(true);
  return found;
}

test('the objects of each array are found, however the text is cut', () => {
  const flat = fc.dictionary(
    fc.string(),
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.double(), fc.boolean()),
  );
  const names = fc.constantFrom('new', 'deleted', 'x');
  fc.assert(
    fc.property(
      fc.dictionary(names, fc.array(flat)),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(4),
      (answer, piece, indent) => {
        const text = JSON.stringify(answer, null, indent);
        const expected = (Object.entries(JSON.parse(text)) as [string, unknown[]][]).flatMap(
          ([name, objects]) => objects.map((object): [string, unknown] => [name, object]),
        );
        expect(read(text, piece)).toEqual(expected);
      },
    ),
  );
});

test('any text is read or refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\x1 ') }), (text) => {
      try {
        new ObjectStream(() => {}).take(Buffer.from(text));
      } catch (error) {
        expect((error as Error).message).toBe('its answer is no list of decisions');
      }
    }),
  );
});
