// Sends back what it receives: tcp-echo.mjs PORT. Listens on both families.
import { createServer } from 'node:net';

createServer((socket) => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
}).listen({ port: Number(process.argv[2]), host: '::' }, () => console.log('listening'));
