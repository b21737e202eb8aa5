import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { ProbePort } from './probe-path.ts';

/** How long (ms) a connection is tried: less than the second after which the kernel would send its SYN again. */
const CONNECT_TIME = 150;

/** Sends one probe from an address of this host, and does not look at what comes of it. */
export function sendProbe({ transport, port }: ProbePort, source: string, destination: string): void {
  if (transport === 'tcp') sendSyn(port, source, destination);
  else sendDatagram(port, source, destination);
}

/** By a plain connect: a closed port refuses it, and a firewall says nothing. */
function sendSyn(port: number, source: string, destination: string): void {
  const socket = connect({ host: destination, port, localAddress: source });
  const timer = setTimeout(() => socket.destroy(), CONNECT_TIME);
  socket.on('error', () => {});
  socket.on('connect', () => socket.destroy());
  socket.on('close', () => clearTimeout(timer));
}

function sendDatagram(port: number, source: string, destination: string): void {
  const socket = createSocket('udp4');
  socket.on('error', () => socket.close());
  socket.bind({ address: source }, () => socket.send('', port, destination, () => socket.close()));
}
