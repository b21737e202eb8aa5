import type { Finding, Severity } from './finding.ts';

/**
 * The limit of settings and bad lines together. There are fewer than fifty keys: a file with more lines than this is
 * something else (a log, a binary) and would only produce as many findings.
 */
export const MAX_STATEMENTS = 1000;

/** The longest value. A value may be an argument of `/bin/sh -c`, and Linux limits those to 128 KiB (MAX_ARG_STRLEN). */
export const MAX_VALUE_CHARACTERS = 131_071;

/** One `KEY="value"` and its position. Lines and columns count from 1. */
export interface Entry {
  readonly key: string;
  readonly line: number;
  readonly keyColumn: number;
  readonly value: string;
  /** The column of the first character of the value, after the opening quote. */
  readonly valueColumn: number;
}

/** The settings of a text, including repeated and unknown keys, and findings about the lines that are not settings. */
export interface Lexed {
  readonly entries: readonly Entry[];
  readonly findings: readonly Finding[];
}

/** Splits the text of a configuration into settings. Never throws: a line that is not a setting becomes a finding. */
export function lex(text: string, file: string): Lexed {
  const entries: Entry[] = [];
  const findings: Finding[] = [];
  let statements = 0;
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const report = (severity: Severity, column: number, message: string) => {
      findings.push({ severity, file, line, column, message });
    };
    if (isIgnored(content)) continue;
    if (++statements > MAX_STATEMENTS) {
      report(
        'error',
        1,
        `expected a configuration, found more than ${MAX_STATEMENTS} settings; the rest is not read`,
      );
      break;
    }
    const entry = lexLine(content, line, report);
    if (entry !== null) entries.push(entry);
  }
  return { entries, findings };
}

/** Quotes a text for a message: on one line, and cut when it is long. */
export function shown(text: string): string {
  return JSON.stringify(
    text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}...` : text,
  );
}

const MAX_SHOWN_CHARACTERS = 60;

type Report = (severity: Severity, column: number, message: string) => void;

/** Whether the line is blank or a comment. A NUL byte is reported even in a comment, because it means a damaged file. */
function isIgnored(line: string): boolean {
  return /^[ \t]*(#|$)/.test(line) && !line.includes('\0');
}

function lexLine(line: string, number: number, report: Report): Entry | null {
  const nul = line.indexOf('\0');
  if (nul >= 0) {
    report('error', nul + 1, 'expected text, found a NUL byte');
    return null;
  }
  const head = /^([ \t]*)([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/.exec(line);
  if (head === null) {
    report('error', line.search(/[^ \t]/) + 1, `expected KEY="value", found ${shown(line.trim())}`);
    return null;
  }
  const [before, blanks = '', key = ''] = head;
  const start = before.length;
  const value = line[start] === '"' ? quotedValue(line, start, report) : bareValue(line, start, report);
  if (value === null) return null;
  const damaged = value.text.indexOf('\uFFFD');
  if (damaged >= 0) {
    report('error', value.column + damaged, `${key}: expected UTF-8 text, found other bytes`);
    return null;
  }
  if (value.text.length > MAX_VALUE_CHARACTERS) {
    const length = `expected at most ${MAX_VALUE_CHARACTERS} characters, found ${value.text.length}`;
    report('error', value.column, `${key}: ${length}`);
    return null;
  }
  return {
    key,
    line: number,
    keyColumn: blanks.length + 1,
    value: value.text,
    valueColumn: value.column,
  };
}

interface Value {
  readonly text: string;
  readonly column: number;
}

/**
 * The closing quote is the first one that only blanks, a comment or the end of the line follow, so that a command may
 * contain quotes. (1.x ended every value at the second quote, and cut such commands in the middle.)
 */
function quotedValue(line: string, opening: number, report: Report): Value | null {
  const rest = /[ \t]*(?:#|$)/y;
  let inner = opening;
  let closing = line.indexOf('"', opening + 1);
  while (closing >= 0) {
    rest.lastIndex = closing + 1;
    if (rest.test(line)) break;
    inner = closing;
    closing = line.indexOf('"', closing + 1);
  }
  if (closing < 0) {
    reportUnclosed(line, opening, inner, report);
    return null;
  }
  // In `echo "$TARGET$" #1"` the value has quotes inside, and so does the text that is now a comment.
  if (inner !== opening && line.includes('"', closing + 1)) {
    report('warning', closing + 1, 'the value ends at this quote, because a comment follows it');
  }
  return { text: line.slice(opening + 1, closing), column: opening + 2 };
}

function reportUnclosed(line: string, opening: number, last: number, report: Report): void {
  if (last === opening) {
    report('error', opening + 1, 'expected a closing quote on this line, found none');
    return;
  }
  const rest = line.slice(last + 1);
  const column = last + 2 + rest.search(/[^ \t]/);
  report('error', column, `expected the line to end after the closing quote, found ${shown(rest.trim())}`);
}

/** A value without quotes ends at the end of the line or at a comment, which begins after a blank. */
function bareValue(line: string, start: number, report: Report): Value | null {
  if (line[start] === "'") {
    report('error', start + 1, `expected a value in double quotes, found ${shown(line.slice(start).trim())}`);
    return null;
  }
  const rest = line.slice(start);
  const comment = rest.search(/(?:^|(?<=[ \t]))#/);
  const text = (comment < 0 ? rest : rest.slice(0, comment)).trimEnd();
  // An empty value has no column: point at the equals sign.
  const column = text === '' ? line.indexOf('=') + 1 : start + 1;
  report('warning', column, `the value ${shown(text)} is not in double quotes; taken as it stands`);
  return { text, column };
}
