import { programsOf, whyNotRunnable } from '../commands/programs.ts';
import { DIRECTIVES } from '../config/directives.ts';
import type { Finding } from '../config/finding.ts';
import type { ParsedConfig } from '../config/load.ts';
import { TOKENS } from '../config/tokens.ts';
import { readSecret } from '../files/secret-file.ts';

/**
 * What keeps notifications from arriving. Warnings only: the protection must start without them. `rights`: this process has
 * the rights of the daemon, so it can say whether a file with a secret can be read.
 */
export function notifyFindings(
  { config, settings }: ParsedConfig,
  { rights }: { rights: boolean },
): Finding[] {
  if (config === null) return [];
  const findings: Finding[] = [];
  const warn = (field: 'notifyCommand' | 'notifyUrlFile' | 'notifyTokenFile', text: string) => {
    const { key } = DIRECTIVES[field];
    const entry = settings.get(key);
    const place = { line: entry?.line ?? 0, column: entry?.valueColumn ?? 0 };
    findings.push({ severity: 'warning', file: config.file ?? '', ...place, message: `${key}: ${text}` });
  };
  const { notifyCommand } = config;
  if (notifyCommand !== null) {
    const token = TOKENS.find((each) => notifyCommand.includes(each));
    if (token !== undefined)
      warn('notifyCommand', `${token} is not replaced here; what happened comes as JSON on standard input`);
    for (const program of programsOf(notifyCommand)) {
      const why = whyNotRunnable(program);
      if (why !== null) warn('notifyCommand', `${program} cannot be run: ${why}`);
    }
  }
  for (const field of ['notifyUrlFile', 'notifyTokenFile'] as const) {
    const path = config[field];
    const read = path === null || !rights ? null : readSecret(path);
    if (read !== null && 'trouble' in read) warn(field, `${read.trouble}; nothing is sent meanwhile`);
  }
  return findings;
}
