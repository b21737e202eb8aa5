// A web server with one page and one long file: http.mjs PORT. Listens on both families.
import { createServer } from 'node:http';

const PAGE = '<!doctype html><title>A page</title><p>Nothing to see here.\n';
const LONG = Buffer.alloc(100_000, 'All work and no play. ');

createServer((request, response) => {
  response.setHeader('content-type', request.url === '/long' ? 'application/octet-stream' : 'text/html');
  response.end(request.url === '/long' ? LONG : PAGE);
}).listen({ port: Number(process.argv[2]), host: '::' }, () => console.log('listening'));
