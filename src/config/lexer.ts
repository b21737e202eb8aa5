import type { Finding, Severity } from './finding.ts';

/**
 * Settings and bad lines together that one file may hold. There are not fifty keys; a file with more lines than
 * this is something else (a log, a binary), and would only be answered with as many findings.
 */
export const MAX_STATEMENTS = 1000;

/** The longest value: Linux hands a program (here `/bin/sh -c`) no argument of 128 KiB or more (MAX_ARG_STRLEN). */
export const MAX_VALUE_LENGTH = 131_071;

/** One `KEY="value"` and where it stands. Lines and columns count from 1. */
export interface Entry {
  readonly key: string;
  readonly line: number;
  readonly keyColumn: number;
  readonly value: string;
  /** Of the value's first character, behind the opening quote. */
  readonly valueColumn: number;
}

/** The settings of a text, equal and unknown keys included, and the lines that are none. */
export interface Lexed {
  readonly entries: readonly Entry[];
  readonly findings: readonly Finding[];
}

/** Takes the text of a configuration apart. Never throws: a line that is no setting becomes a finding. */
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
    if (isIdle(content)) continue;
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

/** A text as it is shown in a message: in quotes, on one line, and not too long. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text);
}

const SHOWN_LENGTH = 60;

type Report = (severity: Severity, column: number, message: string) => void;

/** Blank, or a comment. A NUL byte counts even in a comment: the file is damaged, whatever else it says. */
function isIdle(line: string): boolean {
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
  if (value.text.length > MAX_VALUE_LENGTH) {
    const length = `expected at most ${MAX_VALUE_LENGTH} characters, found ${value.text.length}`;
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
 * The closing quote is the first one after which only blanks, a comment or the end of the line follow, so that a
 * command may have quotes inside. (1.x ended every value at the second quote, and cut such commands in the middle.)
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
  // `echo "$TARGET$" #1"`: a value with quotes inside, and more of them in what now is a comment.
  if (inner !== opening && line.includes('"', closing + 1)) {
    report('warning', closing + 1, 'the value ends at this quote, for a comment follows it');
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

/** A value without quotes: to the end of the line or to a comment, which begins after a blank. */
function bareValue(line: string, start: number, report: Report): Value | null {
  if (line[start] === "'") {
    report('error', start + 1, `expected a value in double quotes, found ${shown(line.slice(start).trim())}`);
    return null;
  }
  const rest = line.slice(start);
  const comment = rest.search(/(?:^|(?<=[ \t]))#/);
  const text = (comment < 0 ? rest : rest.slice(0, comment)).trimEnd();
  // An empty value has no place of its own: point at the sign before it.
  const column = text === '' ? line.indexOf('=') + 1 : start + 1;
  report('warning', column, `the value ${shown(text)} is not in double quotes; taken as it stands`);
  return { text, column };
}
