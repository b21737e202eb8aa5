import { flag, good, type Parsed, type ValueKind } from './values.ts';

/**
 * A number as PortSentry 1.2 read it, with atoi(3): `1024,65535` is 1024. Only a blank or a comma may end it, because
 * in `1-1024` the user meant something else than 1.
 */
export function leadingNumber<T>(kind: ValueKind<T>): ValueKind<T> {
  return {
    parse(text) {
      const exact = kind.parse(text);
      const digits = /^\s*(\d+)[\s,]/.exec(text)?.[1];
      if (exact.ok || digits === undefined) return exact;
      const taken = kind.parse(digits);
      return taken.ok ? takenAs(taken.value, digits, exact) : exact;
    },
    format: kind.format,
  };
}

/** A flag as PortSentry 1.x and 2.x read it: every number but 0 is on, and every other text is off. */
export const looseFlag: ValueKind<boolean> = {
  parse(text) {
    const exact = flag.parse(text);
    if (exact.ok) return exact;
    const isOn = /^\s*\d*[1-9]/.test(text);
    return takenAs(isOn, isOn ? '1' : '0', exact);
  },
  format: flag.format,
};

function takenAs<T>(value: T, digits: string, exact: Parsed<unknown>): Parsed<T> {
  if (exact.ok) return good(value);
  const { offset, expected, found } = exact;
  return good(value, {
    offset,
    message: `expected ${expected}, found ${found}; taken as "${digits}", as in PortSentry 1.2`,
  });
}
