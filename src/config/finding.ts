export type Severity = 'error' | 'warning' | 'note';

/** Something that the reader of a configuration should know. An error means that nothing is started. */
export interface Finding {
  readonly severity: Severity;
  readonly file: string;
  /** Counted from 1; 0 where a finding is about the file as a whole. */
  readonly line: number;
  readonly column: number;
  /** What stands there, what was expected, what to do: one line. */
  readonly message: string;
}

/** `file:line:column: error: message`, as compilers say it. */
export function formatFinding(finding: Finding): string {
  const place = finding.line > 0 ? `${finding.file}:${finding.line}:${finding.column}` : finding.file;
  return `${place}: ${finding.severity}: ${finding.message}`;
}
