/** Octets of a banner: PORT_BANNER is a line or two, and a visitor costs no more than one segment. */
export const MAX_BANNER = 1_024;

/** What is sent for PORT_BANNER, as it stands there; empty when nothing is. */
export function bannerOctets(text: string | null): Buffer {
  return Buffer.from(text ?? '', 'utf8').subarray(0, MAX_BANNER);
}
