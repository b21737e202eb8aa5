import type { FiledDetails, FiledEvent } from './filed-event.ts';
import { type Fields, fieldsOf, portOf, targetOf, timeOf, transportOf } from './line-fields.ts';
import { filedEvent } from './own-fields.ts';

/**
 * An event as Suricata's EVE has it (src/record/eve.ts); null if it is none of ours, such as an alert of Suricata in the same
 * file.
 */
export function eveEvent(fields: Fields): FiledEvent | null {
  const own = fieldsOf(fields.portsentry);
  const isOfProbe = fields.dest_ip !== undefined;
  const time = timeOf(isoOf(fields.timestamp));
  // `src_ip` has one address of a prefix.
  const source = targetOf(isOfProbe ? own.source : own.target) ?? targetOf(fields.src_ip);
  if (time === null || source === null) return null;
  const { action, triggered } = own;
  return filedEvent({ action, time, source, details: detailsOf(fields), isAlert: triggered === true }, own);
}

function detailsOf(fields: Fields): Pick<FiledDetails, 'transport' | 'destination' | 'port'> {
  const { proto, dest_ip: destination } = fields;
  const protocol = typeof proto === 'string' ? proto.toLowerCase() : '';
  if (/^\d+$/.test(protocol))
    return { transport: 'ip', destination: targetOf(destination), port: portOf(protocol) };
  const transport = protocol === 'ipv6-icmp' ? 'icmp' : transportOf(protocol);
  const port = portOf(transport === 'icmp' ? fields.icmp_type : fields.dest_port);
  return { transport, destination: targetOf(destination), port };
}

/** EVE has the zone without a colon, which JavaScript does not promise to read: `+0000`. */
function isoOf(time: unknown): unknown {
  return typeof time === 'string' ? time.replace(/([+-]\d\d)(\d\d)$/, '$1:$2') : time;
}
