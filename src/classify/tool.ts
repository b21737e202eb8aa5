import type { Probe } from './probe.ts';
import { isOfHping3 } from './tool/hping3.ts';
import { isOfMasscan } from './tool/masscan.ts';
import { isOfMirai } from './tool/mirai.ts';
import { isOfNmap } from './tool/nmap.ts';
import { isOfZmap } from './tool/zmap.ts';

/** The program that a probe looks like. Whoever knows these marks can leave them out, or make them on purpose. */
export type ToolName = 'zmap' | 'masscan' | 'mirai' | 'nmap' | 'hping3' | 'unicornscan';

/** The surest marks first: masscan's newer SYNs have nmap's header, too. */
const MARKS: readonly (readonly [ToolName, (probe: Probe) => boolean])[] = [
  ['mirai', isOfMirai],
  ['zmap', isOfZmap],
  ['masscan', isOfMasscan],
  ['nmap', isOfNmap],
  ['hping3', isOfHping3],
];

/** The program whose mark one probe bears; null for none. unicornscan's takes two (`unicornscanKey`). */
export function toolOf(probe: Probe): ToolName | null {
  for (const [tool, has] of MARKS) if (has(probe)) return tool;
  return null;
}
