import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DIRECTIVES } from '../config/directives.ts';
import type { Finding } from '../config/finding.ts';
import type { ParsedConfig } from '../config/load.ts';
import { parseIgnoreFile } from '../respond/ignore-file.ts';

/** The folders that the configuration needs and that do not exist. */
export function folderFindings({ config, settings }: ParsedConfig): Finding[] {
  const findings: Finding[] = [];
  for (const field of ['historyFile', 'blockedFile', 'eventFile'] as const) {
    const path = config?.[field] ?? null;
    if (path === null || existsSync(dirname(path))) continue;
    const { key } = DIRECTIVES[field];
    const entry = settings.get(key);
    const place = {
      file: config?.file ?? 'built-in defaults',
      line: entry?.line ?? 0,
      column: entry?.valueColumn ?? 0,
    };
    const message = `${key}: expected the folder ${dirname(path)} to exist, found none`;
    // The program makes the default folder. Another folder may be a typing error in the configuration.
    if (entry === undefined)
      findings.push({ severity: 'note', ...place, message: `${message}; it is made at the start` });
    else findings.push({ severity: 'error', ...place, message: `${message}; make it or name another` });
  }
  return findings;
}

/** What is wrong with IGNORE_FILE. */
export function ignoreFileFindings({ config }: ParsedConfig): readonly Finding[] {
  const file = config?.ignoreFile ?? null;
  if (file === null) return [];
  const about = (severity: Finding['severity'], message: string) => [
    { severity, file, line: 0, column: 0, message: `IGNORE_FILE: ${message}` },
  ];
  try {
    return parseIgnoreFile(readFileSync(file, 'utf8'), file).findings;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? about('warning', 'there is no such file; nobody is spared by it')
      : about('error', `cannot be read (${code})`);
  }
}
