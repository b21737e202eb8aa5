import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EngineError } from '../../../src/share/engine.ts';
import { Authority } from '../../support/certificates.ts';
import { engineAt, folder, type Handler, LIMITS, NOW, never, reportOn, serve } from './given.ts';

const TOKEN = `x.${Buffer.from('{"id":"one"}').toString('base64url')}.y`;
const LOGIN = JSON.stringify({ code: 200, expire: '2026-11-30T11:00:00Z', token: TOKEN });

const BAN = {
  id: 1,
  origin: 'cscli',
  scenario: 'by hand',
  scope: 'Ip',
  type: 'ban',
  value: '192.0.2.1',
  duration: '4h',
};

/** A server that logs everybody in, and answers everything else by `handler`. */
function lapi(handler: Handler): Promise<string> {
  return serve((request, response, body) => {
    if (request.url === '/v1/watchers/login') response.end(LOGIN);
    else handler(request, response, body);
  });
}

/** Asks for decisions, of which the server says this. */
async function pulled(text: string | Buffer, more: Parameters<typeof engineAt>[1] = {}) {
  const url = await lapi((_request, response) => response.end(text));
  return engineAt(url, more).pull(true, LIMITS, never());
}

function stream(...decisions: object[]): string {
  return JSON.stringify({ deleted: null, new: decisions });
}

test('decisions are taken with their ends by the clock of this host', async () => {
  const range = { ...BAN, id: 2, scope: 'Range', value: '2001:db8:1:2::/64', duration: '1h0m0.5s' };
  expect(await pulled(stream(BAN, range))).toEqual({
    isWhole: true,
    decisions: [
      expect.objectContaining({
        id: '1',
        target: '192.0.2.1',
        until: NOW + 14_400_000,
        note: 'cscli: by hand',
        isPortsentry: false,
      }),
      expect.objectContaining({ id: '2', target: '2001:db8:1:2::/64', until: NOW + 3_600_500 }),
    ],
    ended: [],
    leftOut: [],
  });
});

test.each([
  ['null arrays', '{"deleted":null,"new":null}'],
  ['empty arrays', '{"deleted":[],"new":[]}'],
  ['no arrays', '{}'],
  ['blanks', ' {\n "new" : [ ] }\n'],
])('%s are no decisions', async (_what, text) => {
  expect(await pulled(text)).toMatchObject({ decisions: [], ended: [], leftOut: [] });
});

test.each([
  ['a number', '7'],
  ['an array', '[]'],
  ['an object in place of an array', '{"new":{"a":1}}'],
  ['arrays in an array', '{"new":[[1]]}'],
  ['HTML', '<html><body>502</body></html>'],
  ['half an answer', '{"new":[{"id":1'],
  ['nothing', ''],
  ['a deep object', `{"new":[${'{"a":'.repeat(50)}1${'}'.repeat(50)}]}`],
  ['an endless object', `{"new":[{"a":"${'x'.repeat(100_000)}"}]}`],
  ['brackets that close nothing', '}}}}'],
])('%s is refused with the reason', async (_what, text) => {
  const error = await pulled(text).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(EngineError);
  expect((error as Error).message).toMatch(/^its answer (is no list of decisions|ends too early)$/);
});

test.each([
  [{ id: 'x' }, 'it is no decision'],
  [{ id: -1 }, 'it is no decision'],
  [{ id: null }, 'it is no decision'],
  [{ value: 7 }, 'it is no decision'],
  [{ value: '192.0.2.1; drop' }, 'it is no decision'],
  [{ value: '192.0.2.300' }, 'it is no decision'],
  [{ duration: 'soon' }, 'it is no decision'],
  [{ duration: null }, 'it is no decision'],
  [{ type: 'captcha' }, 'type captcha is no ban'],
  [{ type: '\u001b[31mred' }, 'type [31mred is no ban'],
  [{ type: 5 }, 'type ? is no ban'],
  [{ scope: 'Country', value: 'ZZ' }, 'scope Country is no address'],
  [{ simulated: true }, 'it is simulated'],
])('a decision with %j is left out', async (more, why) => {
  const { decisions, leftOut } = await pulled(stream({ ...BAN, ...more }, { ...BAN, id: 9 }));
  expect(decisions).toMatchObject([{ id: '9' }]);
  expect(leftOut).toEqual([{ count: 1, first: expect.any(String), why }]);
});

test('reasons that an engine makes up are summed up', async () => {
  const types = Array.from({ length: 50 }, (_, id) => ({ ...BAN, id, type: `type${id}` }));
  expect((await pulled(stream(...types))).leftOut).toHaveLength(9);
});

test('a million decisions are taken up to SHARE_MAX, and the rest is counted or not read', async () => {
  let sentBytes = 0;
  const url = await lapi(async (_request, response) => {
    response.setMaxListeners(0).on('close', () => {
      sentBytes = Number.POSITIVE_INFINITY;
    });
    response.write('{"deleted":null,"new":[');
    for (let id = 0; id < 1_000_000 && Number.isFinite(sentBytes); id += 1_000) {
      const piece = Array.from({ length: 1_000 }, (_, n) => JSON.stringify({ ...BAN, id: id + n })).join(',');
      sentBytes += piece.length;
      if (!response.write(`${id === 0 ? '' : ','}${piece}`))
        await Promise.race(
          ['drain', 'close'].map((event) => new Promise((resolve) => response.once(event, resolve))),
        );
    }
    response.end(']}');
  });
  const { decisions, leftOut } = await engineAt(url).pull(true, LIMITS, never());
  expect(decisions).toHaveLength(100);
  expect(leftOut).toMatchObject([{ why: 'SHARE_MAX is 100' }]);
  expect(leftOut[0]?.count).toBeGreaterThan(100_000);
});

test('an answer without an end is bounded', async () => {
  const blanks = ' '.repeat(1_048_576);
  const url = await lapi((_request, response) => {
    response.write('{"new":[');
    const more = () => {
      if (response.destroyed) return;
      if (response.write(blanks)) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  });
  await expect(engineAt(url).pull(true, LIMITS, never())).rejects.toThrow('its answer is longer than 64 MiB');
});

test('slow octets end with the time limit, and an abort ends them at once', async () => {
  const url = await lapi((_request, response) => {
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  });
  const abort = new AbortController();
  const pull = engineAt(url).pull(true, LIMITS, abort.signal);
  setTimeout(() => abort.abort(), 100);
  await expect(pull).rejects.toThrow('portsentry ends');
});

test('a redirect is not followed', async () => {
  let asked = 0;
  const elsewhere = await serve((_request, response) => {
    asked++;
    response.end(stream(BAN));
  });
  const url = await lapi((_request, response) => response.writeHead(302, { Location: elsewhere }).end());
  await expect(engineAt(url).pull(true, LIMITS, never())).rejects.toThrow(
    'it leads elsewhere, which is not followed',
  );
  expect(asked).toBe(0);
});

test('the ends of decisions are told by the clock of the engine', async () => {
  const ended = { ...BAN, duration: '-90s' };
  const url = await lapi((_request, response) => {
    response.setHeader('Date', new Date(NOW + 500_000).toUTCString());
    response.end(JSON.stringify({ deleted: [ended, { id: 'x' }, null, 7], new: null }));
  });
  const { ended: found } = await engineAt(url).pull(false, LIMITS, never());
  expect(found).toEqual([{ id: '1', target: '192.0.2.1', at: NOW + 410_000 }]);
});

test('each report is an alert with a decision as long as its block lasts, and is known by the id of that', async () => {
  let posted: Record<string, unknown>[] = [];
  const url = await lapi((request, response, body) => {
    if (request.method === 'POST') {
      posted = JSON.parse(body);
      response.writeHead(201).end('["41","42"]');
    } else {
      const id = Number(request.url?.split('/').at(-1));
      const value = id === 41 ? '192.0.2.7' : '2001:db8::/64';
      response.end(
        JSON.stringify({ id, decisions: [{ id: id + 100, value, origin: 'portsentry', duration: '1h' }] }),
      );
    }
  });
  const reports = [reportOn('192.0.2.7'), reportOn('2001:db8::/64')];
  const made = await engineAt(url).push(reports, never());
  expect(made).toEqual([
    [{ id: '141', target: '192.0.2.7', since: NOW - 60_000, until: NOW + 3_600_000 }],
    [{ id: '142', target: '2001:db8::/64', since: NOW - 60_000, until: NOW + 3_600_000 }],
  ]);
  expect(posted).toMatchObject([
    {
      scenario: 'portsentry/scan',
      source: { scope: 'Ip', ip: '192.0.2.7' },
      decisions: [{ value: '192.0.2.7', duration: '3600000ms', scenario: 'portsentry/scan from one' }],
    },
    { source: { scope: 'Range', range: '2001:db8::/64' }, decisions: [{ scope: 'Range' }] },
  ]);
});

test('a flood is one alert with a decision for each source; a block that is over gets none', async () => {
  let posted: { decisions: object[]; message: string }[] = [];
  const url = await lapi((request, response, body) => {
    if (request.method === 'POST') {
      posted = JSON.parse(body);
      response.writeHead(201).end('["1"]');
    } else response.end('{"decisions":null}');
  });
  const reports = Array.from({ length: 40 }, (_, n) =>
    reportOn(`192.0.2.${n}`, n === 0 ? { until: NOW } : {}),
  );
  expect(await engineAt(url).push(reports, never())).toHaveLength(40);
  expect(posted).toHaveLength(1);
  expect(posted[0]?.decisions).toHaveLength(39);
  expect(posted[0]?.message).toBe('40 sources probed ports of one');
});

test.each([
  [400, '{"message":"validation failure list"}', 'refused'],
  [400, '<h1>400 Bad Request</h1>', 'undone'],
  [422, '{"message":"no"}', 'refused'],
  [422, '', 'undone'],
  [413, '<h1>413 Request Entity Too Large</h1>', 'refused'],
  [404, '404 page not found', 'undone'],
  [405, '', 'undone'],
  [500, '{"message":"unable to create alerts: invalid addr/range"}', 'refused'],
  [500, '{"message":"database is locked"}', 'unknown'],
  [503, '', 'undone'],
  [201, 'no ids', 'unknown'],
  [201, '[1]', 'unknown'],
  [201, '["1","2","3"]', 'unknown'],
  [201, '["../../x"]', 'unknown'],
])('an answer %i %s to an alert: the push is %s', async (status, text, outcome) => {
  const url = await lapi((_request, response) => response.writeHead(status).end(text));
  await expect(engineAt(url).push([reportOn('192.0.2.7')], never())).rejects.toMatchObject({ outcome });
});

test.each([
  [503, 'status 503'],
  [404, 'status 404'],
  [403, 'it refuses this host: status 403'],
])('alerts that were taken, whose ids are not told (%i): the push is unknown', async (status, message) => {
  const url = await lapi((request, response) => {
    if (request.method === 'POST') response.writeHead(201).end('["1"]');
    else response.writeHead(status).end();
  });
  await expect(engineAt(url).push([reportOn('192.0.2.7')], never())).rejects.toMatchObject({
    outcome: 'unknown',
    message,
  });
});

test('a push to nobody is undone, and one whose answer is missing is unknown', async () => {
  await expect(engineAt('http://127.0.0.1:9').push([reportOn('192.0.2.7')], never())).rejects.toMatchObject({
    outcome: 'undone',
    message: 'connection refused',
  });
  const url = await lapi((_request, response) => response.destroy());
  await expect(engineAt(url).push([reportOn('192.0.2.7')], never())).rejects.toMatchObject({
    outcome: 'unknown',
  });
});

test('the own alert on a report is found by its machine and times', async () => {
  const alert = {
    machine_id: 'one',
    start_at: '2026-11-30 09:58:59.5 +0000 UTC',
    stop_at: '2026-11-30 09:59:30 +0000 UTC',
    decisions: [{ id: 5, value: '192.0.2.7', origin: 'portsentry', duration: '1h' }],
  };
  let alerts: unknown = [
    { ...alert, machine_id: 'two' },
    { ...alert, stop_at: alert.start_at },
    alert,
    null,
    7,
  ];
  const url = await lapi((_request, response) => response.end(JSON.stringify(alerts)));
  const engine = engineAt(url);
  expect(await engine.findPushed([reportOn('192.0.2.7')], never())).toEqual([
    [{ id: '5', target: '192.0.2.7', since: NOW - 60_000, until: NOW + 3_600_000 }],
  ]);
  alerts = null;
  expect(await engine.findPushed([reportOn('192.0.2.7')], never())).toEqual([null]);
});

test('an alert without the decision that it should have is none: the engine failed on its way', async () => {
  const alert = {
    machine_id: 'one',
    start_at: '2026-11-30 09:58:59.5 +0000 UTC',
    stop_at: '2026-11-30 09:59:30 +0000 UTC',
    decisions: null,
  };
  const url = await lapi((_request, response) => response.end(JSON.stringify([alert])));
  const over = reportOn('192.0.2.7', { until: NOW });
  expect(await engineAt(url).findPushed([reportOn('192.0.2.7'), over], never())).toEqual([null, []]);
});

test.each([
  ['192.0.2.7', 'scopes=Ip&value=192.0.2.7&origin=portsentry', '{"nbDeleted":"2"}', 2],
  ['2001:db8::/64', 'scopes=Range&value=2001%3Adb8%3A%3A%2F64&origin=portsentry', '{"nbDeleted":"0"}', 0],
  ['192.0.2.7', 'scopes=Ip&value=192.0.2.7&origin=portsentry', '{"nbDeleted":"-1e99"}', 0],
  ['192.0.2.7', 'scopes=Ip&value=192.0.2.7&origin=portsentry', 'null', 0],
])('what any portsentry said of %s is taken back, and nothing else', async (target, query, answer, count) => {
  const asked: string[] = [];
  const url = await lapi((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(answer);
  });
  expect(await engineAt(url).takeBack(target, NOW, never())).toBe(count);
  expect(asked).toEqual([`DELETE /v1/decisions?${query}`]);
});

test('a token that the engine does not know any more is renewed once', async () => {
  let logins = 0;
  let isKnown = true;
  const url = await serve((request, response) => {
    if (request.url === '/v1/watchers/login') {
      logins++;
      response.end(LOGIN);
    } else response.writeHead(isKnown ? 200 : 401).end();
  });
  const engine = engineAt(url);
  await engine.beat(never());
  await engine.beat(never());
  expect(logins).toBe(1);
  isKnown = false;
  await expect(engine.beat(never())).rejects.toThrow('it refuses this host: status 401');
  expect(logins).toBe(2);
});

test.each([
  ['no token', '{}'],
  ['a token with a line end', JSON.stringify({ token: 'a\r\nX-Evil: 1' })],
  ['a token that is no text', '{"token":{}}'],
  ['no JSON', 'hello'],
])('%s in the answer to a login is refused', async (_what, text) => {
  const url = await serve((_request, response) => response.end(text));
  await expect(engineAt(url).beat(never())).rejects.toThrow('its answer to the login has no token');
});

test('the text of a refusal has no control characters and is short', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(401).end(JSON.stringify({ message: `\u001b]0;x\u0007\n${'y'.repeat(9_000)}` }));
  });
  const error = (await engineAt(url)
    .beat(never())
    .catch((caught: unknown) => caught)) as Error;
  expect(error.message).toMatch(/^it refuses the login of one: status 401: [\x20-\x7e]{1,60}$/);
});

test('secrets that others may read are not used', async () => {
  const path = join(folder(), 'open');
  writeFileSync(path, 'key', { mode: 0o644 });
  const files = { password: path, apiKey: path, cert: null, certKey: null, ca: null };
  const engine = engineAt('http://127.0.0.1:9', { files });
  await expect(engine.beat(never())).rejects.toThrow(/others may read or write it: chmod 600/);
  await expect(engine.pull(true, LIMITS, never())).rejects.toThrow(/chmod 600/);
});

/** Certificates of two authorities, and a server with one of the first. */
async function secure() {
  const path = folder();
  const authority = new Authority(path);
  new Authority(path, 'other');
  authority.sign('server', { altNames: 'IP:127.0.0.1' });
  authority.sign('client', { units: ['agent-ou'] });
  authority.sign('expired', { units: ['agent-ou'], days: -1 });
  const file = (name: string) => join(path, name);
  const server = createTlsServer({
    cert: readFileSync(file('server.pem')),
    key: readFileSync(file('server.key')),
  });
  const url = await serve((_request, response) => response.end(stream(BAN)), server as never);
  const filesOf = (ca: string, name: string | null) => ({
    password: null,
    apiKey: null,
    cert: name === null ? null : file(`${name}.pem`),
    certKey: name === null ? null : file(`${name}.key`),
    ca: file(`${ca}.pem`),
  });
  return { url: url.replace('http:', 'https:'), filesOf, file };
}

test('a certificate of another authority is refused, as are an expired one and a key that does not fit', async () => {
  const { url, filesOf, file } = await secure();
  const pull = (files: ReturnType<typeof filesOf>, at = url) =>
    engineAt(at, { files, wallNow: Date.now }).pull(true, LIMITS, never());
  expect((await pull(filesOf('ca', 'client'))).decisions).toHaveLength(1);
  await expect(pull(filesOf('other', null))).rejects.toThrow(/^its certificate is (of|not signed by)/);
  await expect(pull(filesOf('ca', 'expired'))).rejects.toThrow(
    /expired\.pem: the certificate has expired on /,
  );
  await expect(pull({ ...filesOf('ca', 'client'), certKey: file('server.key') })).rejects.toThrow(
    /do not fit/,
  );
  await expect(pull({ ...filesOf('ca', 'client'), cert: file('gone.pem') })).rejects.toThrow(
    /gone\.pem: no such file/,
  );
  await expect(pull(filesOf('ca', null), url.replace('127.0.0.1', 'localhost'))).rejects.toThrow(
    'its certificate is for another name than that of CROWDSEC_URL',
  );
  await expect(pull(filesOf('ca', null), url.replace('https:', 'http:'))).rejects.toThrow(/it /);
});

test('a server that speaks no HTTP is refused', async () => {
  const server = createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(engineAt(url).pull(true, LIMITS, never())).rejects.toBeInstanceOf(EngineError);
});
