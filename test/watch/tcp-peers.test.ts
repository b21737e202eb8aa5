import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { TcpPeers } from '../../src/watch/tcp-peers.ts';
import { folderOf } from './given.ts';

const SNMP = (passiveOpens: number) =>
  `Tcp: RtoAlgorithm\nTcp: 1 200 120000 -1 7 ${passiveOpens} 0 0 3 1 1\n`;
const SOCKSTAT = 'sockets: used 9\nTCP: inuse 3 orphan 0 tw 0 alloc 3 mem 0\n';
const HEADING = '  sl  local_address rem_address   st\n';
const LISTENS = 'local:0016 zero:0000 0A 7001';
const FROM = '10.0.0.9';

/** A row of /proc/net/tcp; `local` stands for 127.0.0.1 and `peer` for 10.0.0.9. */
function row(text: string): string {
  const [local = '', remote = '', state = '', inode = ''] = text
    .replaceAll('local', '0100007F')
    .replaceAll('peer', '0900000A')
    .replaceAll('zero', '00000000')
    .split(' ');
  return `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0\n`;
}

function folderWith(rows: readonly string[], passiveOpens = 1): string {
  return folderOf({
    tcp: HEADING + rows.map(row).join(''),
    snmp: SNMP(passiveOpens),
    sockstat: SOCKSTAT,
    'sys/x': '',
  });
}

function view(folder: string, about: readonly Prefix[] = []) {
  const { accepted, opened } = new TcpPeers(folder).look(about);
  return {
    accepted: accepted.map(({ peer, localPort, inode }) => `${peer} ${localPort} ${inode}`),
    opened: opened.map(({ peer, port }) => `${peer} ${port}`),
  };
}

test.each<[string, string[], string[], string[]]>([
  ['to a listening port is accepted', [LISTENS, 'local:0016 peer:8000 01 7002'], [`${FROM} 22 7002`], []],
  [
    'from a port where nothing listens is opened',
    [LISTENS, 'local:9000 peer:1538 01 7002'],
    [],
    [`${FROM} 5432`],
  ],
  [
    'that waits for its answer is opened',
    ['local:0016 zero:0000 0A 1', 'local:9000 peer:1538 02 7002'],
    [],
    [`${FROM} 5432`],
  ],
  ['that has ended is none', [LISTENS, 'local:9000 peer:1538 06 0', 'local:0016 peer:8000 08 7002'], [], []],
  [
    'that only waits to be accepted has no inode',
    [LISTENS, 'local:0016 peer:8000 01 0'],
    [`${FROM} 22 0`],
    [],
  ],
])('a connection %s', (_name, rows, accepted, opened) => {
  expect(view(folderWith(rows))).toEqual({ accepted, opened });
});

test('of more than 16,384 accepted connections those of the source in question are all seen', () => {
  const rows = Array.from(
    { length: 17_000 },
    (_, index) =>
      `local:0016 ${(0x0100000b + index * 256).toString(16).toUpperCase().padStart(8, '0')}:8000 01 ${8_000 + index}`,
  );
  const folder = folderWith([LISTENS, ...rows, 'local:0016 peer:8000 01 7002']);
  expect(view(folder).accepted).not.toContain(`${FROM} 22 7002`);
  expect(view(folder, [parsePrefix(FROM) as Prefix]).accepted).toContain(`${FROM} 22 7002`);
});

test('a real connection is seen from both of its ends, with its inode once it is accepted', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const peers = new TcpPeers('/proc/self/net');
  const ends = () => {
    const { accepted, opened } = peers.look([]);
    return [
      accepted.filter(({ localPort, inode }) => localPort === port && inode > 0).length,
      opened.filter((end) => end.port === port).length,
    ];
  };
  expect(ends()).toEqual([0, 0]);
  const accepted = new Promise((resolve) => server.once('connection', resolve));
  const client = net.connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void client.destroy());
  await accepted;
  expect(ends(), 'although the table was read before').toEqual([1, 1]);
});

test('a connected UDP socket is one that this host opened, unless others may send to its port', () => {
  const udp = [
    row('local:9000 peer:007B 01 1'),
    row('local:0044 0A00000A:0043 01 2'),
    row('zero:0044 zero:0000 07 3'),
  ].join('');
  const folder = folderOf({ udp: HEADING + udp, snmp: SNMP(1), sockstat: SOCKSTAT });
  expect(view(folder).opened).toEqual([`${FROM} 123`]);
});
