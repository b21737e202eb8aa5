import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { ProbeOutcome, ProbePort } from './probe-path.ts';

/** When an answer is due: less than the second after which the kernel sends the SYN again. */
const ANSWER_TIMEOUT_MS = 150;

/** Sends one probe from an address of this host. Never rejects. */
export function sendProbe(
  { transport, port }: ProbePort,
  source: string,
  destination: string,
): Promise<ProbeOutcome> {
  return transport === 'tcp' ? sendSyn(port, source, destination) : sendDatagram(port, source, destination);
}

/** Uses a plain connect, which needs no raw socket. */
function sendSyn(port: number, source: string, destination: string): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: destination, port, localAddress: source });
    const end = (outcome: ProbeOutcome) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(end, ANSWER_TIMEOUT_MS, 'silent');
    socket.on('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error)));
    socket.on('connect', () => end('connected'));
  });
}

/** The socket is connected, so that it hears of an ICMP error. */
function sendDatagram(port: number, source: string, destination: string): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (outcome: ProbeOutcome) => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => {});
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(end, ANSWER_TIMEOUT_MS, 'silent');
    socket.on('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error)));
    socket.on('message', () => end('connected'));
    socket.bind({ address: source }, () => socket.connect(port, destination, () => socket.send('')));
  });
}

function outcomeOf({ code }: NodeJS.ErrnoException): ProbeOutcome {
  return code === 'ECONNREFUSED' ? 'refused' : 'silent';
}
