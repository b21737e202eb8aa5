/** A small random number generator (xorshift32) with a seed, so that a run can be repeated. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** Returns an integer from 0 to `limit` - 1. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}

/** Values at which code that reads lengths, offsets and types often fails. */
const ODD_OCTETS = [0, 1, 0x0f, 0x3f, 0x40, 0x45, 0x4f, 0x60, 0x7f, 0x80, 0xf0, 0xff];
const ODD_WORDS = [0, 1, 0x7fff, 0x8000, 0xffff, 0x0800, 0x86dd, 0x8100, 0x88a8, 0x8847, 0x8864];
const MAX_INPUT_BYTES = 4_096;
const MAX_CHANGES = 8;

/** Returns a changed copy of `input`, sometimes spliced with `other`. */
export function mutate(input: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  let bytes = dice.below(8) === 0 ? splice(input, other, dice) : input.slice();
  const changes = 1 + dice.below(MAX_CHANGES);
  for (let change = 0; change < changes; change++) bytes = changeOnce(bytes, dice);
  return bytes.subarray(0, MAX_INPUT_BYTES);
}

function changeOnce(bytes: Uint8Array, dice: Dice): Uint8Array {
  if (bytes.length < 2) return new Uint8Array([dice.below(256), dice.below(256), dice.below(256)]);
  const at = dice.below(bytes.length);
  switch (dice.below(7)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << dice.below(8));
      return bytes;
    case 1:
      bytes[at] = dice.below(256);
      return bytes;
    case 2:
      bytes[at] = ODD_OCTETS[dice.below(ODD_OCTETS.length)] as number;
      return bytes;
    case 3:
      return writeWord(bytes, at, ODD_WORDS[dice.below(ODD_WORDS.length)] as number);
    case 4:
      return bytes.slice(0, at);
    case 5:
      return splice(bytes, bytes, dice);
    default:
      bytes.copyWithin(at, dice.below(bytes.length));
      return bytes;
  }
}

function writeWord(bytes: Uint8Array, at: number, word: number): Uint8Array {
  bytes[at] = word >> 8;
  if (at + 1 < bytes.length) bytes[at + 1] = word & 0xff;
  return bytes;
}

function splice(first: Uint8Array, second: Uint8Array, dice: Dice): Uint8Array {
  const head = first.subarray(0, dice.below(first.length + 1));
  const tail = second.subarray(dice.below(second.length + 1));
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
