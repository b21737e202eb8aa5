// A time server of stratum 1, and a client that asks it once: ntp.mjs serve, or ntp.mjs ask ADDRESS (RFC 5905).
import { createSocket } from 'node:dgram';

const PORT = 123;
const LENGTH = 48;
const MODE_CLIENT = 0x23;
const MODE_SERVER = 0x24;
const TRANSMIT_TIMESTAMP = 40;
const NTP_ERA_TO_UNIX = 2_208_988_800;

const [task, address] = process.argv.slice(2);
const socket = createSocket({ type: 'udp6' });
if (task === 'serve') {
  socket.on('message', (_, peer) => socket.send(packet(MODE_SERVER), peer.port, peer.address));
  socket.bind(PORT, '::', () => console.log('listening'));
} else {
  // From port 123, as the reference implementation does.
  const server = address.includes(':') ? address : `::ffff:${address}`;
  socket.bind(PORT, '::', () => socket.send(packet(MODE_CLIENT), PORT, server));
  socket.on('message', () => socket.close());
}

function packet(mode) {
  const octets = Buffer.alloc(LENGTH);
  octets[0] = mode;
  octets[1] = mode === MODE_SERVER ? 1 : 0;
  octets.writeUInt32BE(Math.floor(Date.now() / 1000) + NTP_ERA_TO_UNIX, TRANSMIT_TIMESTAMP);
  return octets;
}
