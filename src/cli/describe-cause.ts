import type { BlockInfo } from '../control/status.ts';
import { labelOf } from '../record/labels.ts';

/** Why an address is blocked: `TCP SYN/Normal scan, port 111`, or the administrator's note. */
export function describeCause({ kind, port, note }: Pick<BlockInfo, 'kind' | 'port' | 'note'>): string {
  if (kind === 'manual') return note === null ? 'by hand' : `by hand: ${note}`;
  const label = kind === 'odd' ? 'TCP scan with odd flags' : labelOf({ kind, tcpFlags: 0 });
  return `${label}, port ${port}`;
}
