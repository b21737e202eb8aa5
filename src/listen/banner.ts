/** The longest banner: PORT_BANNER is a line or two, and a connection must cost no more than one segment. */
const MAX_BANNER_BYTES = 1_024;

/** The octets to send for PORT_BANNER, unchanged except for their limit; empty when there is no banner. */
export function bannerOctets(text: string | null): Buffer {
  return Buffer.from(text ?? '', 'utf8').subarray(0, MAX_BANNER_BYTES);
}
