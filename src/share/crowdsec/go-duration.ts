/** A duration of Go has a few units; a longer text is none. */
const MAX_LENGTH = 64;

const UNITS_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ns: 1e-6,
};

/** 100 years: whatever is longer has no end that anybody waits for, and no date. */
const MAX_MS = 100 * 365 * 86_400_000;

const WHOLE = /^-?(?:\d{1,12}(?:\.\d{1,12})?(?:h|ms|m|s|us|µs|μs|ns)){1,8}$/;
const PART = /(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)/g;

/** The milliseconds of a duration as Go writes it, such as `3h59m59.75s` or `-5ms`, 100 years at most; null when the value is none. */
export function parseGoDuration(value: unknown): number | null {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return null;
  if (value === '0' || !WHOLE.test(value)) return value === '0' ? 0 : null;
  let sum = 0;
  for (const [, number, unit] of value.matchAll(PART))
    sum += Number(number) * (UNITS_MS[unit as string] as number);
  return Math.min(sum, MAX_MS) * (value.startsWith('-') ? -1 : 1);
}

/** Milliseconds as a duration that Go reads. */
export function formatGoDuration(ms: number): string {
  return `${Math.round(ms)}ms`;
}
