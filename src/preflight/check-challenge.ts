import type { Finding } from '../config/finding.ts';
import type { ParsedConfig } from '../config/load.ts';
import { whyNoChallenge } from '../respond/challenging.ts';

/** What keeps CHALLENGE="1" from having an effect on a host with this kernel. */
export function challengeFindings({ config, settings }: ParsedConfig, release: string): Finding[] {
  const reason = config === null ? null : whyNoChallenge(config, release);
  if (config === null || reason === null) return [];
  const entry = settings.get('CHALLENGE');
  const place = { file: config.file ?? '', line: entry?.line ?? 0, column: entry?.keyColumn ?? 0 };
  return [{ severity: 'warning', ...place, message: `CHALLENGE="1" has no effect: ${reason}` }];
}
