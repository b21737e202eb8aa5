// An FTP server with active data connections only, and a client that lists and fetches through them (RFC 959):
// ftp.mjs serve, or ftp.mjs fetch ADDRESS OWN_ADDRESS (IPv4). The server calls the client back from port 20.
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const CONTROL_PORT = 21;
const DATA_PORT = 20;
const FILE = Buffer.alloc(30_000, 'A file over FTP. ');

const [task, address, ownAddress] = process.argv.slice(2);
if (task === 'serve') createServer(serve).listen(CONTROL_PORT, '0.0.0.0', () => console.log('listening'));
else await fetchAll();

function serve(control) {
  let client;
  const say = (line) => control.write(`${line}\r\n`);
  say('220 ready');
  control.on('error', () => undefined);
  createInterface({ input: control }).on('line', (line) => {
    const [verb, argument] = line.split(' ');
    if (verb === 'PORT') {
      const octets = argument.split(',').map(Number);
      client = { host: octets.slice(0, 4).join('.'), port: octets[4] * 256 + octets[5] };
      say('200 PORT taken');
    } else if (verb === 'LIST' || verb === 'RETR') {
      say('150 calling back');
      const data = connect({ ...client, localPort: DATA_PORT });
      data.on('error', () => say('425 nobody there'));
      data.end(verb === 'LIST' ? 'file\r\n' : FILE).on('close', () => say('226 done'));
    } else if (verb === 'QUIT') {
      say('221 bye');
      control.end();
    } else {
      say(verb === 'USER' ? '331 password' : '230 in');
    }
  });
}

async function fetchAll() {
  const control = connect(CONTROL_PORT, address);
  const lines = createInterface({ input: control })[Symbol.asyncIterator]();
  const until = async (code) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`no ${code}`);
      if (value.startsWith(code)) return;
    }
  };
  await until('220');
  for (const command of ['USER anonymous', 'PASS guest@']) {
    control.write(`${command}\r\n`);
    await until('');
  }
  for (const command of ['LIST', 'RETR file']) {
    const received = await receive(async (port) => {
      control.write(`PORT ${ownAddress.replaceAll('.', ',')},${port >> 8},${port & 255}\r\n`);
      await until('200');
      control.write(`${command}\r\n`);
    });
    await until('226');
    console.log(`${command}: ${received} octets`);
  }
  control.write('QUIT\r\n');
  await until('221');
}

// Listens for one data connection on a port that it announces. Resolves to the number of octets received.
function receive(announce) {
  return new Promise((resolve, reject) => {
    const listener = createServer((data) => {
      let octets = 0;
      listener.close();
      data.on('data', (chunk) => {
        octets += chunk.length;
      });
      data.on('end', () => data.end());
      data.on('close', () => resolve(octets));
    });
    listener.listen(0, '0.0.0.0', () => announce(listener.address().port).catch(reject));
  });
}
