// A name server that answers every question for an address with 10.99.0.2, after a while: dns.mjs PORT [DELAY_MS].
// With the delay Infinity it prints `asked`, and answers when it is told to by a line. A question below `late.` is answered
// LATE_MS later, when most clients have given up. Listens on both families.
import { createSocket } from 'node:dgram';

const LATE_MS = 2_500;
const ANSWER = Buffer.from('c00c00010001000000' + '3c0004' + '0a630002', 'hex'); // RFC 1035, 4.1.3 and 4.1.4

const [port, delay = 0] = process.argv.slice(2).map(Number);
const socket = createSocket({ type: 'udp6' });
socket.on('message', (question, peer) => {
  const answer = () => socket.send(answerTo(question), peer.port, peer.address);
  if (delay === Infinity) {
    process.stdin.once('data', answer);
    console.log('asked');
    return;
  }
  setTimeout(answer, delay + (question.subarray(12).includes('late') ? LATE_MS : 0));
});
socket.bind(port, '::', () => console.log('listening'));

// Header and first question of what came, as a response with one answer.
function answerTo(question) {
  const end = question.indexOf(0, 12) + 5;
  const answer = Buffer.concat([question.subarray(0, end), ANSWER]);
  answer.writeUInt16BE(0x8580, 2);
  answer.set([0, 1, 0, 1, 0, 0, 0, 0], 4);
  return answer;
}
