const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** A decision takes some 200 octets. */
const MAX_OBJECT_BYTES = 16_384;

/** Objects in objects in objects are no decision. */
const MAX_DEPTH = 8;

/** The depth of an element of an array in the one object of the answer. */
const ELEMENT_DEPTH = 2;

/** The longest name of an array that is kept. */
const MAX_NAME_BYTES = 32;

/**
 * Finds the objects in the arrays of one JSON object, such as `{"new": [{...}, {...}], "deleted": null}`, piece by piece as
 * the text comes, so that an answer of any length takes little memory and no long time at once. It looks for quotes and
 * brackets alone: whether an element is JSON is for its receiver to say.
 */
export class ObjectStream {
  readonly #onObject: (array: string, text: string) => void;
  /** How many brackets and braces are open. */
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** The last string at the depth of the names, which names the array that follows. */
  #name: number[] = [];
  #hasBegun = false;
  #hasEnded = false;
  /** What came of the element that is being read before this piece. */
  #kept: Buffer[] = [];
  #keptBytes = 0;

  /** Calls `onObject` with the name of the array and the text of each object. */
  constructor(onObject: (array: string, text: string) => void) {
    this.#onObject = onObject;
  }

  /** Whether the object has been read to its end. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Takes the next piece. Throws an Error with a one-line reason when the text is not of this form. */
  take(piece: Buffer): void {
    /** Where the element begins in this piece; -1 outside of one. */
    let start = this.#depth > ELEMENT_DEPTH ? 0 : -1;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (this.#inString) {
        this.#takeInString(byte);
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#inString = true;
          if (this.#depth === 1) this.#name = [];
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          this.#open(byte);
          if (this.#depth === ELEMENT_DEPTH + 1 && start < 0) start = at;
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          this.#depth--;
          if (this.#depth < 0) throw new Error(NO_ANSWER);
          if (this.#depth === ELEMENT_DEPTH && start >= 0) {
            this.#emit(piece.subarray(start, at + 1));
            start = -1;
          }
          if (this.#depth === 0) this.#hasEnded = true;
          break;
        default:
          if (!this.#hasBegun && byte > 0x20) throw new Error(NO_ANSWER);
      }
    }
    if (start >= 0) this.#keep(piece.subarray(start));
  }

  #takeInString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#inString = false;
    if (this.#inString && this.#depth === 1 && this.#name.length <= MAX_NAME_BYTES) this.#name.push(byte);
  }

  #open(byte: number): void {
    if (this.#hasEnded || (this.#depth === 0 && byte !== OPEN_BRACE)) throw new Error(NO_ANSWER);
    // The value of a name is an array, and its elements are objects.
    if (this.#depth === 1 && byte !== OPEN_BRACKET) throw new Error(NO_ANSWER);
    if (this.#depth === ELEMENT_DEPTH && byte !== OPEN_BRACE) throw new Error(NO_ANSWER);
    this.#hasBegun = true;
    if (++this.#depth > MAX_DEPTH) throw new Error(NO_ANSWER);
  }

  #keep(part: Buffer): void {
    this.#keptBytes += part.length;
    if (this.#keptBytes > MAX_OBJECT_BYTES) throw new Error(NO_ANSWER);
    // The socket's buffer is used again.
    this.#kept.push(Buffer.from(part));
  }

  #emit(last: Buffer): void {
    if (this.#keptBytes + last.length > MAX_OBJECT_BYTES) throw new Error(NO_ANSWER);
    const text = this.#kept.length === 0 ? last : Buffer.concat([...this.#kept, last]);
    this.#kept = [];
    this.#keptBytes = 0;
    this.#onObject(String.fromCharCode(...this.#name), text.toString('utf8'));
  }
}

const NO_ANSWER = 'its answer is no list of decisions';
