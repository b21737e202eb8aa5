import { PROTOCOL_TCP } from '../../net/protocol.ts';
import { Kind } from '../kind.ts';
import type { Probe } from '../probe.ts';

const WINDOW = 1_024;
const BARE_HEADER = 20;
/** With one option: kind 2, length 4, a maximum segment size of 1460 (RFC 9293, section 3.2). */
const HEADER_WITH_MSS = 24;
const MSS_1460 = 0x020405b4;

/**
 * nmap's raw TCP probes have a window of 1024, and its SYNs no option but a maximum segment size of 1460 (its source,
 * scan_engine_raw.cc and tcpip.cc, `build_tcp`, since 5.00; "Remote OS Detection" in its book describes the others,
 * which have windows of their own). A connect scan (-sT) and a UDP scan bear no mark: the kernel makes their packets.
 *
 * No operating system of today sends a SYN like that; small scanners that copied nmap's header do, and masscan's
 * newer releases, which are told by their own mark first. A window of 1024 in other packets is rare, not impossible.
 */
export function isOfNmap({ kind, protocol, window, tcpHeaderLength, firstOption }: Probe): boolean {
  if (protocol !== PROTOCOL_TCP || window !== WINDOW) return false;
  if (tcpHeaderLength === BARE_HEADER) return kind !== Kind.syn;
  // Where the snap length cut the option off, the length must do.
  return tcpHeaderLength === HEADER_WITH_MSS && (firstOption === MSS_1460 || firstOption === 0);
}
