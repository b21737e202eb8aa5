import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { ProbePort } from './probe-path.ts';

/** Less than the second after which the kernel sends the SYN again. */
const CONNECT_TIMEOUT_MS = 150;

/** Sends one probe from an address of this host. Ignores the answer. */
export function sendProbe({ transport, port }: ProbePort, source: string, destination: string): void {
  if (transport === 'tcp') sendSyn(port, source, destination);
  else sendDatagram(port, source, destination);
}

/** Uses a plain connect, which needs no raw socket. Neither a refusal nor silence matters. */
function sendSyn(port: number, source: string, destination: string): void {
  const socket = connect({ host: destination, port, localAddress: source });
  const timer = setTimeout(() => socket.destroy(), CONNECT_TIMEOUT_MS);
  socket.on('error', () => {});
  socket.on('connect', () => socket.destroy());
  socket.on('close', () => clearTimeout(timer));
}

function sendDatagram(port: number, source: string, destination: string): void {
  const socket = createSocket('udp4');
  socket.on('error', () => socket.close());
  socket.bind({ address: source }, () => socket.send('', port, destination, () => socket.close()));
}
