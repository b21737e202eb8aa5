import { classify } from '../../classify/classify.ts';
import { kindOfFlags } from '../../classify/flags.ts';
import { isWeak, Kind } from '../../classify/kind.ts';
import type { Packet } from '../../decode/packet.ts';
import { PROTOCOL_TCP } from '../../net/protocol.ts';
import { Rule } from './rule.ts';

/**
 * What a packet is that a rule of the sensor's table reported; `Kind.none` for one that only counts. The kernel has said
 * that a weak segment belongs to no connection, so its length and options do not matter.
 */
export function kindOfReport(packet: Packet, rule: Rule): Kind {
  switch (rule) {
    case Rule.none:
    case Rule.cast:
    case Rule.answer:
      return Kind.none;
    case Rule.weak:
    case Rule.held:
    case Rule.blocked:
    case Rule.loopback:
      return weakKindOf(packet) ?? classify(packet);
    default:
      return classify(packet);
  }
}

function weakKindOf({ protocol, tcpFlags }: Packet): Kind | null {
  if (protocol !== PROTOCOL_TCP) return null;
  const kind = kindOfFlags(tcpFlags);
  return isWeak(kind) ? kind : null;
}
