/**
 * A receiver of notifications, as ntfy and its like are: receiver.mjs PORT MODE_FILE [KEY CERTIFICATE]. It writes each request
 * as a line of JSON. MODE_FILE says how it answers: `ok`, a status, `429` with Retry-After, `reset` or `hang`.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

const [port, modeFile, key, cert] = process.argv.slice(2);

const modeOf = () => {
  try {
    return readFileSync(modeFile, 'utf8').trim();
  } catch {
    return 'ok';
  }
};

function answer(request, response) {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text) => {
    body += text;
  });
  request.on('end', () => {
    const mode = modeOf();
    const { url, headers } = request;
    process.stdout.write(`${JSON.stringify({ time: Date.now(), mode, url, headers, body })}\n`);
    if (mode === 'hang') return;
    if (mode === 'reset') request.socket.resetAndDestroy();
    else if (mode === '429') response.writeHead(429, { 'Retry-After': '20' }).end('slow down');
    else response.writeHead(mode === 'ok' ? 200 : Number(mode)).end(mode);
  });
}

const server =
  key === undefined
    ? createServer(answer)
    : createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, answer);
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'));
