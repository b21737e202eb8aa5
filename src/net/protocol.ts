/** IANA protocol numbers of the transports that are watched. */
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;

export type Transport = 'tcp' | 'udp';

/** The transport's name as Elastic Common Schema and our own files spell it. */
export function transportOf(protocol: number): Transport {
  return protocol === PROTOCOL_TCP ? 'tcp' : 'udp';
}
