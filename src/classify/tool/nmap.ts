import { PROTOCOL_TCP } from '../../net/protocol.ts';
import { Kind } from '../kind.ts';
import type { Probe } from '../probe.ts';

const WINDOW = 1_024;
const BARE_HEADER_LENGTH = 20;
/** With one option, a maximum segment size: kind 2, length 4, 1460 octets (RFC 9293, section 3.2). */
const MSS_HEADER_LENGTH = 24;
const MSS_1460 = 0x020405b4;

/**
 * nmap's raw TCP probes have a window of 1024, and its SYNs no option but a maximum segment size of 1460 (its source,
 * scan_engine_raw.cc and tcpip.cc, `build_tcp`, since 5.00). Its OS detection uses other windows ("Remote OS
 * Detection" in its book). A connect scan (-sT) and a UDP scan have no fingerprint: the kernel makes their packets.
 *
 * False positives: small scanners that copied nmap's header, but no current operating system. masscan's newer
 * releases copied it too; their own fingerprint is tested first. Other packets rarely have a window of 1024.
 */
export function looksLikeNmap({ kind, protocol, window, tcpHeaderLength, firstOption }: Probe): boolean {
  if (protocol !== PROTOCOL_TCP || window !== WINDOW) return false;
  if (tcpHeaderLength === BARE_HEADER_LENGTH) return kind !== Kind.syn;
  // When the option was cut off, the header length must suffice.
  return tcpHeaderLength === MSS_HEADER_LENGTH && (firstOption === MSS_1460 || firstOption === 0);
}
