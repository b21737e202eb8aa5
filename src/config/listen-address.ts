import { bad, good, type ValueKind } from './values.ts';

/** Where metrics are served: a TCP port of the loopback interface, or a unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** sun_path of the kernel's sockaddr_un without its NUL. */
const MAX_PATH_BYTES = 107;

const LAST_PORT = 65_535;

/** An IPv4 address of 127.0.0.0/8 or ::1, and a port. */
const LOOPBACK = /^(?:(127(?:\.(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])){3})|\[(::1)\]):([1-9]\d{0,4})$/;

const EXPECTED =
  '127.0.0.1:PORT, [::1]:PORT or the absolute path of a unix socket ' +
  '(other hosts: node_exporter with METRICS_FILE, a systemd socket or a proxy)';

/** An address of this host that no other host reaches: the metrics are served without encryption and without a password. */
export const listenAddress: ValueKind<ListenAddress> = {
  parse(text) {
    if (text.startsWith('/')) {
      if (text.includes('\0') || text.endsWith('/')) return bad(EXPECTED, text);
      if (Buffer.byteLength(text) > MAX_PATH_BYTES)
        return bad(`a path of at most ${MAX_PATH_BYTES} octets`, text);
      return good({ path: text });
    }
    const [, v4, v6, digits] = LOOPBACK.exec(text) ?? [];
    const port = Number(digits);
    const host = v4 ?? v6;
    return host !== undefined && port <= LAST_PORT ? good({ host, port }) : bad(EXPECTED, text);
  },
  format: formatListenAddress,
};

/** The text of the address, as in the configuration. */
export function formatListenAddress(address: ListenAddress): string {
  if ('path' in address) return address.path;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
