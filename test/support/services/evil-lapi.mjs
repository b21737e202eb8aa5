// evil-lapi.mjs PORT GATEWAY OWN: a local API that has gone over to the enemy. Its first answer names everybody, a gateway and an
// address of the host that asks; every later one is an octet each 100 ms, for ever. It takes each login, and answers to no alert.
import { createServer } from 'node:http';

const [port, gateway, own] = process.argv.slice(2);
const ban = { origin: '\u001b[31mevil\n', scenario: 'x', type: 'ban', duration: '4h' };
const decisions = [
  { ...ban, id: 1, scope: 'Range', value: '0.0.0.0/0' },
  { ...ban, id: 2, scope: 'Range', value: '::/0' },
  { ...ban, id: 3, scope: 'Ip', value: gateway },
  { ...ban, id: 4, scope: 'Range', value: `${gateway}/24` },
  { ...ban, id: 5, scope: 'Ip', value: own },
  { ...ban, id: 6, scope: 'Ip', value: '192.0.2.66' },
  { ...ban, id: 'seven', scope: 7, value: {} },
];
let asked = 0;

createServer((request, response) => {
  if (request.url === '/v1/watchers/login') {
    response.end(JSON.stringify({ token: 'x', expire: '2100-01-01T00:00:00Z' }));
  } else if (request.url.startsWith('/v1/decisions/stream') && asked++ === 0) {
    response.end(JSON.stringify({ deleted: null, new: decisions }));
  } else {
    const timer = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(timer));
  }
}).listen(Number(port), '0.0.0.0', () => console.log('listening'));
