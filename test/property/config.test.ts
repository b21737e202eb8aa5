import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { DIRECTIVES, FIELDS, formatField } from '../../src/config/directives.ts';
import { lex } from '../../src/config/lexer.ts';
import { parseConfig } from '../../src/config/load.ts';
import { duration, interfaceList, portList } from '../../src/config/values.ts';

/** Text that resembles a configuration, so that the interesting paths are taken. */
const nearConfiguration = fc
  .array(
    fc.oneof(
      fc.constantFrom(...FIELDS.map((field) => DIRECTIVES[field].key)),
      fc.constantFrom(
        '"',
        "'",
        '=',
        '#',
        '\n',
        '\r\n',
        ' ',
        '\t',
        '\0',
        '\uFEFF',
        '\uFFFD',
        '$TARGET$',
        '$X$',
      ),
      fc.constantFrom('0', '1', ',', '-', '70000', '24h', 'tcp', 'nftables', 'x'),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

const anyText = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  nearConfiguration,
);

/** What a quoted value can hold: anything on one line except a quote before a comment, which would end the value. */
const quotable = fc
  .oneof(fc.string({ maxLength: 60 }), nearConfiguration)
  .filter((text) => !/[\0\n\uFFFD]|"[ \t]*#/.test(text));

describe('the lexer', () => {
  test('never throws, and every position is inside the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { entries, findings } = lex(text, 'f');
        for (const { line, column } of findings) expectInside(text, line, column);
        for (const { line, keyColumn, valueColumn } of entries) {
          expectInside(text, line, keyColumn);
          expectInside(text, line, valueColumn);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('returns every value with its position', () => {
    fc.assert(
      fc.property(quotable, fc.constantFrom('', ' ', '\t # comment', '\r'), (value, end) => {
        const text = `# first\n KEY = "${value}"${end}\nNEXT="1"`;
        const { entries } = lex(text, 'f');
        expect(entries.map(({ key, value }) => [key, value])).toEqual([
          ['KEY', value],
          ['NEXT', '1'],
        ]);
        const { line, valueColumn } = entries[0]!;
        expect(text.split('\n')[line - 1]!.slice(valueColumn - 1)).toBe(`${value}"${end}`);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseConfig', () => {
  test('never throws, every position is inside the text, and the configuration is null exactly on an error', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { config, findings } = parseConfig(text, 'f');
        for (const { line, column } of findings) expectInside(text, line, column);
        expect(config === null).toBe(findings.some(({ severity }) => severity === 'error'));
      }),
      { numRuns: 3000 },
    );
  });

  test('reads back what it prints', () => {
    const settings = fc.record({
      tcpPorts: portSets,
      advancedPortsTcp: fc.integer({ min: 1, max: 65536 }),
      scanTrigger: fc.integer({ min: 0, max: 1_000_000 }),
      resolveHost: fc.boolean(),
      killRunCmd: quotable.filter((text) => text.trim() !== ''),
      scanWindow: times,
    });
    fc.assert(
      fc.property(settings, (values) => {
        const wanted = { ...parseConfig('', 'f').config, ...values } as Config;
        const text = FIELDS.map((field) => `${DIRECTIVES[field].key}="${formatField(wanted, field)}"\n`).join(
          '',
        );
        const { config, findings } = parseConfig(text, 'f');
        expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
        expect(config).toEqual(wanted);
      }),
    );
  });
});

const times = fc
  .tuple(fc.integer({ min: 0, max: 3650 }), fc.constantFrom(1000, 60_000, 3_600_000, 86_400_000))
  .map(([count, unit]) => count * unit);

const portSets = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 65535 })), { maxLength: 8 })
  .map((pairs) => pairs.map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`).join(','))
  .map((text) => {
    const parsed = portList.parse(text);
    if (!parsed.ok) throw new Error(`expected a port list: ${text}`);
    return parsed.value;
  });

describe('values survive the way to text and back', () => {
  test('port lists', () => {
    fc.assert(
      fc.property(portSets, (ports) => {
        const again = portList.parse(portList.format(ports));
        expect(again.ok && again.value.ranges()).toEqual(ports.ranges());
      }),
    );
  });

  test('times', () => {
    const kind = duration({ forEver: true });
    fc.assert(
      fc.property(times, (time) => {
        expect(kind.parse(kind.format(time))).toEqual({ ok: true, value: time });
      }),
    );
  });

  test('interfaces', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.@-]{0,14}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
        expect(interfaceList.parse(interfaceList.format(names))).toEqual({ ok: true, value: names });
      }),
    );
  });
});

/** A position is that of a character of the line; an empty line has column 1. */
function expectInside(text: string, line: number, column: number): void {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  expect(line).toBeGreaterThanOrEqual(1);
  expect(line).toBeLessThanOrEqual(lines.length);
  expect(column).toBeGreaterThanOrEqual(1);
  expect(column).toBeLessThanOrEqual(Math.max(1, lines[line - 1]!.length));
}
