/** How serious a finding is. An error keeps portsentry from starting; a note asks for nothing. */
export type Severity = 'error' | 'warning' | 'note';

/** Something that the user should know about a configuration. */
export interface Finding {
  readonly severity: Severity;
  readonly file: string;
  /** Counted from 1; 0 when the finding is about the whole file. */
  readonly line: number;
  readonly column: number;
  /** One line: what was expected, what was found, what to do. */
  readonly message: string;
}

/** `file:line:column: error: message`, as compilers write it. */
export function formatFinding(finding: Finding): string {
  const place = finding.line > 0 ? `${finding.file}:${finding.line}:${finding.column}` : finding.file;
  return `${place}: ${finding.severity}: ${finding.message}`;
}
