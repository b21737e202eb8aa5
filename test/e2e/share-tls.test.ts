import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Authority } from '../support/certificates.ts';
import { Crowdsec, LAPI_PORT } from '../support/crowdsec.ts';
import { configure, PROGRAM, writeFile } from '../support/detector.ts';
import { ENGINE_FOLDER } from '../support/engine-server.ts';
import { createLab } from '../support/lab.ts';

/** Client certificates, as the real CrowdSec takes them for its two roles. */

test('a certificate of both roles may tell and ask; none, an expired one and the wrong role are refused, each with its line', async () => {
  const lab = await createLab({ name: 'share-tls' });
  onTestFinished(() => lab.close());
  const { victim, scanner, wire } = lab;
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const authority = new Authority(folder);
  new Authority(folder, 'other');
  authority.sign('server', { altNames: `IP:${wire.from.ipv4},IP:127.0.0.1` });
  authority.sign('both', { units: ['agent-ou', 'bouncer-ou'] });
  authority.sign('agent', { units: ['agent-ou'] });
  authority.sign('bouncer', { units: ['bouncer-ou'] });
  authority.sign('expired', { units: ['agent-ou', 'bouncer-ou'], days: -1 });
  const copy = (host: typeof victim, to: string, ...names: string[]) => {
    for (const name of names) writeFile(host, `${to}/${name}`, readFileSync(join(folder, name), 'utf8'));
    return host.run(['chmod', '600', ...names.map((name) => `${to}/${name}`)]);
  };
  await copy(scanner, ENGINE_FOLDER, 'server.pem', 'server.key', 'ca.pem');
  const clients = ['both', 'agent', 'bouncer', 'expired'].flatMap((name) => [`${name}.pem`, `${name}.key`]);
  await copy(victim, '/etc/portsentry', ...clients, 'ca.pem', 'other.pem');
  await Crowdsec.start(scanner, { tls: { cert: 'server.pem', key: 'server.key', ca: 'ca.pem' } });

  const url = `https://${wire.from.ipv4}:${LAPI_PORT}`;
  const tryWith = async (name: string | null, ca = 'ca', share = 'both') => {
    const file = (ending: string) => `/etc/portsentry/${name}.${ending}`;
    const own =
      name === null
        ? 'CROWDSEC_KEY_FILE="/etc/portsentry/none"'
        : `CROWDSEC_CERT_FILE="${file('pem')}"\nCROWDSEC_CERT_KEY_FILE="${file('key')}"`;
    configure(
      victim,
      `CROWDSEC_URL="${url}"\nCROWDSEC_CA_FILE="/etc/portsentry/${ca}.pem"\nSHARE="${share}"\n${own}`,
    );
    const { stdout, code } = await lab.run(victim, [process.execPath, PROGRAM, 'share', '--test']);
    return { lines: stdout.split('\n').slice(1, -1), code };
  };
  expect(await tryWith('both')).toEqual({
    code: 0,
    lines: [
      expect.stringMatching(/^ok {4}It takes what this host, both@\S+, tells of sources\.$/),
      'ok    It gives the decisions of other hosts.',
    ],
  });
  expect(await tryWith('agent')).toEqual({
    code: 69,
    lines: [
      expect.stringMatching(/^ok /),
      expect.stringMatching(
        /^FAIL {2}It gives no decisions of other hosts: it refuses this host: status 403/,
      ),
    ],
  });
  expect(await tryWith('bouncer')).toEqual({
    code: 69,
    lines: [
      expect.stringMatching(
        /^FAIL {2}It is not told of sources: it refuses the login of the certificate: status 40[13]/,
      ),
      expect.stringMatching(/^ok /),
    ],
  });
  expect(await tryWith('bouncer', 'ca', 'pull')).toMatchObject({
    code: 0,
    lines: [expect.stringMatching(/^ok /)],
  });
  expect((await tryWith('expired')).lines).toEqual([
    expect.stringMatching(/expired\.pem: the certificate has expired on /),
    expect.stringMatching(/expired\.pem: the certificate has expired on /),
  ]);
  expect((await tryWith('both', 'other')).lines[0]).toMatch(/its certificate is (?:of|not signed by)/);
  writeFile(victim, '/etc/portsentry/none', 'none\n');
  await victim.run(['chmod', '600', '/etc/portsentry/none']);
  expect(await tryWith(null)).toEqual({
    code: 69,
    lines: [expect.stringMatching(/^FAIL .*it refuses this host: status 403/)],
  });
});
