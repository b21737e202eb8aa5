import { type Finding, formatFinding } from '../config/finding.ts';
import { CommandError, Exit } from './exit.ts';

/** The error for a wrong configuration: the findings of severity `error`, one per line. */
export function configError(findings: readonly Finding[]): CommandError {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return new CommandError(Exit.config, errors.map(formatFinding).join('\nportsentry: '));
}

/** Throws a `configError` when one of the findings is an error. */
export function refuseErrors(findings: readonly Finding[]): void {
  if (findings.some(({ severity }) => severity === 'error')) throw configError(findings);
}
