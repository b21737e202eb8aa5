import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PortSet } from '../../src/config/ports.ts';
import type { Contact } from '../../src/listen/contact.ts';
import { Listeners, type ListenPlan } from '../../src/listen/listeners.ts';
import { ownAddresses } from '../../src/listen/own-addresses.ts';
import { eventually } from '../support/eventually.ts';

const NONE = new PortSet();
const BANNER = 'hello there';

/** Below the range of ephemeral ports, and not assigned to a common service. */
const FIRST = 21_450;

let listeners: Listeners;
let contacts: Contact[];
let nameless: number[];
let others: Server[];
beforeEach(() => {
  contacts = [];
  nameless = [];
  others = [];
  listeners = new Listeners({
    contact: (contact) => contacts.push(contact),
    nameless: (port) => nameless.push(port),
    isOwn: () => false,
    now: Date.now,
  });
});
afterEach(() => {
  listeners.close();
  for (const other of others) other.close();
});

function ports(first: number, last = first): PortSet {
  return PortSet.of([{ first, last }]);
}

function plan(given: Partial<ListenPlan>): ListenPlan {
  return { tcp: NONE, udp: NONE, banner: null, amplifies: false, ...given };
}

async function take(port: number, host: string): Promise<void> {
  const server = createServer().listen({ port, host, ipv6Only: true });
  others.push(server);
  await once(server, 'listening');
}

/** Connects, and resolves to what it receives until the end. */
async function receive(port: number, host = '127.0.0.1'): Promise<string> {
  const client = connect(port, host);
  let text = '';
  client.on('data', (octets) => {
    text += octets;
  });
  await once(client, 'close');
  return text;
}

describe('TCP', () => {
  test.each(['127.0.0.1', '::1'])(
    'a connection from %s gets the banner and is reported with both ends',
    async (host) => {
      expect(await listeners.listen(plan({ tcp: ports(FIRST), banner: BANNER }))).toEqual([]);
      expect(await receive(FIRST, host)).toBe(BANNER);
      expect(contacts.map(({ destinationPort, protocol }) => [destinationPort, protocol])).toEqual([
        [FIRST, 6],
      ]);
      expect([String(contacts[0]?.source), String(contacts[0]?.destination)]).toEqual([host, host]);
      expect(contacts[0]?.sourcePort).toBeGreaterThan(0);
    },
  );

  test('when a port of the list is in use, connections to the others report the right port, unlike in 1.2', async () => {
    await take(FIRST + 1, '0.0.0.0');
    await take(FIRST + 1, '::');
    const failures = await listeners.listen(plan({ tcp: ports(FIRST, FIRST + 3), banner: BANNER }));
    expect(failures.map(({ port, address, code }) => [port, address, code])).toEqual([
      [FIRST + 1, '0.0.0.0', 'EADDRINUSE'],
      [FIRST + 1, '::', 'EADDRINUSE'],
    ]);
    expect(String(listeners.ports.tcp)).toBe(`${FIRST},${FIRST + 2}-${FIRST + 3}`);
    for (const port of [FIRST + 3, FIRST, FIRST + 2]) await receive(port);
    expect(contacts.map(({ destinationPort }) => destinationPort)).toEqual([FIRST + 3, FIRST, FIRST + 2]);
  });

  test('a port that is in use for one family has a listener for the other', async () => {
    await take(FIRST, '0.0.0.0');
    expect(await listeners.listen(plan({ tcp: ports(FIRST) }))).toMatchObject([{ address: '0.0.0.0' }]);
    await receive(FIRST, '::1');
    expect(contacts).toHaveLength(1);
  });

  test('a reload closes old ports, opens new ones and keeps the others', async () => {
    await listeners.listen(plan({ tcp: ports(FIRST, FIRST + 1), banner: BANNER }));
    const reloaded = listeners.listen(
      plan({ tcp: PortSet.of([...ports(FIRST).ranges(), ...ports(FIRST + 2).ranges()]) }),
    );
    // The port stays open during the reload.
    expect(await receive(FIRST)).toBe('');
    expect(await reloaded).toEqual([]);
    expect(String(listeners.ports.tcp)).toBe(`${FIRST},${FIRST + 2}`);
    await expect(receive(FIRST + 1)).rejects.toThrow('ECONNREFUSED');
    expect(await receive(FIRST + 2)).toBe('');
  });

  test('a connection that is reset before it is accepted is reported without a source', async () => {
    await listeners.listen(plan({ tcp: ports(FIRST) }));
    const client = connect(FIRST, '127.0.0.1');
    // This runs in the same turn of the event loop, before the listener.
    client.once('connect', () => client.resetAndDestroy());
    await eventually(() => expect(nameless.length + contacts.length).toBe(1));
    for (const port of nameless) expect(port).toBe(FIRST);
  });

  test('close frees the ports at once', async () => {
    await listeners.listen(plan({ tcp: ports(FIRST) }));
    listeners.close();
    await expect(receive(FIRST)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('UDP', () => {
  const [address] = ownAddresses();

  async function ask(text: string, host = address as string): Promise<string> {
    const client = createSocket('udp4');
    client.send(text, FIRST, host);
    const [answer] = await once(client, 'message', { signal: AbortSignal.timeout(60_000) });
    client.close();
    return String(answer);
  }

  test.skipIf(address === undefined)(
    'a datagram is answered with as many octets and reported with both ends',
    async () => {
      expect(await listeners.listen(plan({ udp: ports(FIRST), banner: BANNER }))).toEqual([]);
      expect(await ask('12345')).toBe('hello');
      expect(contacts).toMatchObject([{ protocol: 17, destinationPort: FIRST }]);
      expect(String(contacts[0]?.destination)).toBe(address);
    },
  );

  test.skipIf(address === undefined)(
    'a port that a service uses is reported once and left to it',
    async () => {
      const service = createSocket('udp4');
      service.bind(FIRST, '0.0.0.0');
      await once(service, 'listening');
      const failures = await listeners.listen(plan({ udp: ports(FIRST) }));
      expect(failures.filter((failure) => failure.address === address)).toMatchObject([
        { code: 'EADDRINUSE' },
      ]);
      service.close();
      expect(await listeners.readdress()).toEqual([]);
      const again = createSocket('udp4');
      again.bind(FIRST, address);
      await once(again, 'listening');
      again.close();
    },
  );
});
