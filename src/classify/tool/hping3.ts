import { PROTOCOL_TCP } from '../../net/protocol.ts';
import type { Probe } from '../probe.ts';

const WINDOW = 512;
const BARE_HEADER = 20;

/**
 * hping3's packets have a window of 512 and no TCP options unless it is told otherwise (hping3(8), `--win`: "default
 * is 512"; `DEFAULT_SRCWINSIZE` in its source, hping2.h).
 *
 * Wrong for other programs that make bare headers with that window, many of them flooders that began as hping: the
 * name says what the packet is like, not more. No operating system of today sends such a SYN.
 */
export function isOfHping3({ protocol, window, tcpHeaderLength }: Probe): boolean {
  return protocol === PROTOCOL_TCP && window === WINDOW && tcpHeaderLength === BARE_HEADER;
}
