import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ControlServer, MAX_CONNECTIONS } from '../../src/control/server.ts';
import { eventually } from '../support/eventually.ts';
import { askAll, handlers, RawClient, STATUS, serve, testFolder } from './given.ts';

const ASK_STATUS = '{"version":1,"command":"status"}\n';
const STATUS_FIELDS = [{ ok: true, fields: { status: STATUS } }];

/** Another server at this path; closed after the test. */
function another(path: string, pid = 4712): ControlServer {
  const status = () => ({ ...STATUS, pid });
  const server = new ControlServer({ path, handlers: handlers({ status }), tell: () => {} });
  onTestFinished(() => server.close());
  return server;
}

const pidAt = async (path: string) => {
  const [answer] = await askAll(path, { command: 'status' });
  return answer?.ok ? (answer.fields.status as typeof STATUS).pid : null;
};

const fileMode = (path: string) => (statSync(path).mode & 0o7777).toString(8);

describe('the file', () => {
  test('is for its owner only, alone in a folder that everybody may enter', async () => {
    const umask = process.umask(0);
    onTestFinished(() => {
      process.umask(umask);
    });
    const { path } = await serve();
    expect(fileMode(path)).toBe('600');
    expect(fileMode(dirname(path))).toBe('755');
    expect(readdirSync(dirname(path))).toEqual(['portsentry.sock']);
  });

  test('is gone after the end', async () => {
    const { server, path } = await serve();
    await server.close();
    expect(readdirSync(dirname(path))).toEqual([]);
    await server.close();
  });

  test('of another daemon stays when this one ends', async () => {
    const { server, path } = await serve();
    rmSync(path);
    await another(path).open();
    await server.close();
    expect(await pidAt(path)).toBe(4712);
  });

  test.each<[what: string, make: (path: string) => void]>([
    ['a file', (path) => writeFileSync(path, 'precious')],
    ['a folder', (path) => mkdirSync(path)],
    ['a symbolic link', (path) => symlinkSync('/dev/null', path)],
  ])('that is %s is left alone', async (_what, make) => {
    const path = join(testFolder(), 'portsentry.sock');
    make(path);
    await expect(another(path).open()).rejects.toThrow(
      `CONTROL_SOCKET: ${path} is no socket: remove it, or set another CONTROL_SOCKET`,
    );
    expect(readdirSync(dirname(path))).toEqual(['portsentry.sock']);
  });

  test('cannot have a path that the kernel would cut', async () => {
    const path = join(testFolder(), 'x'.repeat(100));
    await expect(another(path).open()).rejects.toThrow(
      `CONTROL_SOCKET: expected a path of at most 107 octets, found ${path.length}`,
    );
  });

  test('may have the longest path that the kernel takes', async () => {
    const folder = testFolder();
    const path = join(folder, 'x'.repeat(107 - folder.length - 1));
    await another(path).open();
    expect(await pidAt(path)).toBe(4712);
  });

  test('cannot be where no folder can be', async () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'f'), '');
    const path = join(folder, 'f', 'portsentry.sock');
    await expect(another(path).open()).rejects.toThrow(
      /^CONTROL_SOCKET: .*\/portsentry.sock cannot be made: EEXIST/,
    );
  });
});

describe('a path that is taken', () => {
  test('by a process that was killed is taken over', async () => {
    const path = join(testFolder(), 'portsentry.sock');
    const listen = 'require("net").createServer().listen(process.argv[1], () => console.log("ready"))';
    const child = spawn(process.execPath, ['-e', listen, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(statSync(path).isSocket()).toBe(true);
    await another(path).open();
    expect(await pidAt(path)).toBe(4712);
    expect(fileMode(path)).toBe('600');
  });

  test('by another daemon stays with it, and the error says what to do', async () => {
    const { path } = await serve();
    await expect(another(path).open()).rejects.toThrow(
      `another portsentry (pid 4711) answers on ${path}: give both modes to one process (-atcp -audp), ` +
        'or set another CONTROL_SOCKET and STATE_DIR',
    );
    expect(await pidAt(path)).toBe(4711);
  });

  test('by another daemon that is busy', async () => {
    const { path } = await serve();
    for (let count = 0; count < MAX_CONNECTIONS; count++) await once(new RawClient(path).socket, 'connect');
    await expect(another(path).open()).rejects.toThrow(`another portsentry answers on ${path}: give both`);
  });

  test('by two that start at once goes to one of them', async () => {
    const path = join(testFolder(), 'portsentry.sock');
    const starts = await Promise.allSettled([another(path, 1).open(), another(path, 2).open()]);
    const lost = starts.flatMap((start) => (start.status === 'rejected' ? [String(start.reason)] : []));
    expect(lost).toEqual([expect.stringMatching(/another portsentry \(pid [12]\) answers/)]);
  });

  test.each([
    ['that answers otherwise', 'hello\n', /the program on \S+ is not portsentry; end it, or set another/],
    ['that says nothing', '', /does not answer \(waited 1 s\); end it, or set another/],
  ])('by another program %s', async (_how, greeting, message) => {
    const path = join(testFolder(), 'portsentry.sock');
    const server = createServer((socket) => socket.on('error', () => {}).write(greeting)).listen(path);
    onTestFinished(() => {
      server.close();
    });
    await once(server, 'listening');
    await expect(another(path).open()).rejects.toThrow(message);
    expect(statSync(path).isSocket()).toBe(true);
  });
});

describe('when the file is gone', () => {
  test('with its folder, both are made again, and connected clients stay connected', async () => {
    const { server, path, told } = await serve();
    const client = new RawClient(path);
    await once(client.socket, 'connect');
    rmSync(dirname(path), { recursive: true });
    server.tick();
    server.tick();
    await eventually(() =>
      expect(told).toEqual([`The control socket ${path} was gone and has been made again.`]),
    );
    expect(fileMode(path)).toBe('600');
    expect(await askAll(path, { command: 'status' })).toEqual(STATUS_FIELDS);
    expect(await client.finish(ASK_STATUS)).toMatchObject([{ status: STATUS }]);
    server.tick();
    await server.close();
    expect(readdirSync(dirname(path))).toEqual([]);
    expect(told).toHaveLength(1);
  });

  test('and cannot be made again, the server reports it once and keeps trying', async () => {
    const { server, path, told } = await serve();
    rmSync(dirname(path), { recursive: true });
    writeFileSync(dirname(path), '');
    const told1 = [
      expect.stringMatching(
        /^The control socket is gone and cannot be made again: CONTROL_SOCKET: .* EEXIST.*\.$/,
      ),
    ];
    server.tick();
    await eventually(() => expect(told).toEqual(told1));
    for (let second = 0; second < 5; second++) {
      server.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toHaveLength(1);
    rmSync(dirname(path));
    await eventually(() => {
      server.tick();
      expect(told).toHaveLength(2);
    });
    expect(await askAll(path, { command: 'status' })).toEqual(STATUS_FIELDS);
  });

  test('and another daemon has taken its place, the other one stays', async () => {
    const { server, path, told } = await serve();
    rmSync(path);
    await another(path).open();
    server.tick();
    await eventually(() =>
      expect(told).toEqual([expect.stringContaining('another portsentry (pid 4712) answers')]),
    );
    expect(await pidAt(path)).toBe(4712);
  });
});

describe('many clients', () => {
  test('100 at once: each gets its answer or one line that says why not', async () => {
    const { path } = await serve();
    const ask = async () => new RawClient(path).finish(ASK_STATUS);
    const answers = await Promise.all(Array.from({ length: 100 }, ask));
    const busy = { version: 1, ok: false, reason: 'busy', error: '16 clients are being served: try again' };
    for (const answer of answers)
      expect([[{ version: 1, ok: true, status: STATUS }], [busy]]).toContainEqual(answer);
    expect(answers.filter(([line]) => line?.ok).length).toBeGreaterThanOrEqual(MAX_CONNECTIONS);
  });

  test('the 17th gets a line about it and is closed; when one leaves, the next is served', async () => {
    const { path } = await serve();
    const clients = Array.from({ length: MAX_CONNECTIONS }, () => new RawClient(path));
    await Promise.all(clients.map((client) => once(client.socket, 'connect')));
    expect(await new RawClient(path).finish()).toMatchObject([{ ok: false, reason: 'busy' }]);
    clients[0]?.socket.destroy();
    await eventually(async () => expect(await askAll(path, { command: 'status' })).toEqual(STATUS_FIELDS));
  });

  test('1,000 that say nothing delay an answer no longer than their time limit', async () => {
    const { path } = await serve({}, { requestTimeMs: 200, stallTimeMs: 200 });
    const clients = Array.from({ length: 1_000 }, () => new RawClient(path));
    await eventually(async () => expect(await askAll(path, { command: 'status' })).toEqual(STATUS_FIELDS));
    for (const client of clients) client.socket.destroy();
  });

  test('do not keep the server from closing', async () => {
    const { server, path } = await serve({ why: () => new Promise(() => {}) });
    const clients = Array.from({ length: 20 }, () => new RawClient(path).read());
    for (const client of clients) client.socket.write('{"version":1,"command":"why","address":"10.0.0.1"}\n');
    await Promise.all(clients.map((client) => once(client.socket, 'connect')));
    await server.close();
    await Promise.all(clients.map((client) => client.closed));
  });
});
