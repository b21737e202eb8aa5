// Sends each datagram back: udp-echo.mjs PORT. Listens on both families.
import { createSocket } from 'node:dgram';

const socket = createSocket({ type: 'udp6' });
socket.on('message', (message, peer) => socket.send(message, peer.port, peer.address));
socket.bind(Number(process.argv[2]), '::', () => console.log('listening'));
