/** The Castagnoli polynomial with its bits reversed (RFC 9260, appendix A). */
const POLYNOMIAL = 0x82f63b78;

/** The register after each octet that is shifted in. */
const TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  let register = octet;
  for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ (register & 1 ? POLYNOMIAL : 0);
  return register;
});

/**
 * The CRC32c of `length` octets at `offset`. The four octets at `zeroed`, the checksum field itself, count as zero.
 * The field stores the result least significant octet first.
 */
export function crc32c(view: DataView, offset: number, length: number, zeroed: number): number {
  let register = 0xffffffff;
  for (let at = offset; at < offset + length; at++) {
    const octet = at >= zeroed && at < zeroed + 4 ? 0 : view.getUint8(at);
    register = (register >>> 8) ^ (TABLE[(register ^ octet) & 0xff] as number);
  }
  return ~register >>> 0;
}
