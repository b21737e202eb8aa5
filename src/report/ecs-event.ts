import type { FiledDetails, FiledEvent, FiledTransport } from './filed-event.ts';
import { type Fields, fieldsOf, portOf, targetOf, timeOf, transportOf } from './line-fields.ts';
import { filedEvent } from './own-fields.ts';

/** An event in the names of the Elastic Common Schema (src/record/ecs.ts); null if it is none of ours. */
export function ecsEvent(fields: Fields): FiledEvent | null {
  const { action, kind } = fieldsOf(fields.event);
  const from = fieldsOf(fields.source);
  const own = fieldsOf(fields.portsentry);
  const time = timeOf(fields['@timestamp']);
  // Until 2026 a prefix stood in `ip`, and there was no `address`.
  const source = targetOf(from.address) ?? targetOf(from.ip);
  if (time === null || source === null) return null;
  return filedEvent(
    { action, time, source, details: detailsOf(fields, own), isAlert: kind === 'alert' },
    own,
  );
}

function detailsOf(fields: Fields, own: Fields): Pick<FiledDetails, 'transport' | 'destination' | 'port'> {
  const network = fieldsOf(fields.network);
  const destination = fieldsOf(fields.destination);
  const transport = networkTransport(network);
  return {
    transport,
    destination: targetOf(destination.address) ?? targetOf(destination.ip),
    port: portOf(
      (transport === 'icmp' ? own.icmp_type : undefined) ??
        (transport === 'ip' ? network.iana_number : undefined) ??
        destination.port,
    ),
  };
}

/** A bare protocol has its number instead of a transport. */
function networkTransport({ transport, iana_number: number }: Fields): FiledTransport | null {
  if (transport === 'ipv6-icmp') return 'icmp';
  return transportOf(transport) ?? (number === undefined ? null : 'ip');
}
