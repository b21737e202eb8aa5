import type { Probe } from './probe.ts';
import { looksLikeHping3 } from './tool/hping3.ts';
import { looksLikeMasscan } from './tool/masscan.ts';
import { looksLikeMirai } from './tool/mirai.ts';
import { looksLikeNmap } from './tool/nmap.ts';
import { looksLikeZmap } from './tool/zmap.ts';

/** The programs whose probes are recognized. */
export const TOOL_NAMES = ['zmap', 'masscan', 'mirai', 'nmap', 'hping3', 'unicornscan'] as const;

/** The program that a probe looks like. A sender that knows these fingerprints can avoid or imitate them. */
export type ToolName = (typeof TOOL_NAMES)[number];

/** The most reliable fingerprints first: masscan's newer SYNs also have nmap's header. */
const FINGERPRINTS: readonly (readonly [ToolName, (probe: Probe) => boolean])[] = [
  ['mirai', looksLikeMirai],
  ['zmap', looksLikeZmap],
  ['masscan', looksLikeMasscan],
  ['nmap', looksLikeNmap],
  ['hping3', looksLikeHping3],
];

/** The program whose fingerprint the probe has; null for none. unicornscan's takes two probes (`unicornscanKey`). */
export function toolOf(probe: Probe): ToolName | null {
  for (const [tool, matches] of FINGERPRINTS) if (matches(probe)) return tool;
  return null;
}
