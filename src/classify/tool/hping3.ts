import { PROTOCOL_TCP } from '../../net/protocol.ts';
import type { Probe } from '../probe.ts';

const WINDOW = 512;
const BARE_HEADER_LENGTH = 20;

/**
 * hping3's packets have a window of 512 and no TCP options by default (hping3(8), `--win`: "default is 512";
 * `DEFAULT_SRCWINSIZE` in its source, hping2.h).
 *
 * False positives: other programs that make bare headers with that window, many of them flooders derived from hping.
 * The name only says what the packet is like. No current operating system sends such a SYN.
 */
export function looksLikeHping3({ protocol, window, tcpHeaderLength }: Probe): boolean {
  return protocol === PROTOCOL_TCP && window === WINDOW && tcpHeaderLength === BARE_HEADER_LENGTH;
}
