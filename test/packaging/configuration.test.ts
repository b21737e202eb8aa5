import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { DIRECTIVES, type Directive, FIELDS, type Field } from '../../src/config/directives.ts';
import { parseConfig } from '../../src/config/load.ts';
import { parseIgnoreFile } from '../../src/respond/ignore-file.ts';

const FILE = 'packaging/etc/portsentry.conf';
const SHIPPED = readFileSync(FILE, 'utf8');

describe('the shipped portsentry.conf', () => {
  test('has no findings', () => {
    expect(parseConfig(SHIPPED, FILE).findings).toEqual([]);
  });

  test('only logs', () => {
    expect(parseConfig(SHIPPED, FILE).config).toMatchObject({ blockTcp: 0, blockUdp: 0 });
  });

  test.each([
    ['CrowdSec', /^(REDIS_\w+|SHARE_KEY_FILE)=.*/gm],
    ['Redis', /^CROWDSEC_\w+=.*/gm],
  ])('has no findings with everything switched on, and %s of the engines', (_engine, others) => {
    const all = SHIPPED.replace(/^#([A-Z0-9_]+=)/gm, '$1')
      .replace(/^(BLOCK_METHOD|MODES|PORT_BANNER|NOTIFY_URL_FILE)=.*/gm, '')
      .replace(others, '')
      .replace(/^(BLOCK_\w+P)="0"/gm, '$1="1"');
    expect(parseConfig(all, FILE).findings).toEqual([]);
  });

  test('explains every key once, and no unknown key', () => {
    const keys = [...SHIPPED.matchAll(/^#?([A-Z0-9_]+)="/gm)].map((match) => match[1]);
    expect(keys.sort()).toEqual(FIELDS.map((field) => DIRECTIVES[field].key).sort());
  });

  test.each(FIELDS.filter((field) => DIRECTIVES[field].default !== null))(
    '%s has its default as its value, also when commented out',
    (field: Field) => {
      const directive = DIRECTIVES[field] as Directive<Config[Field]>;
      const value = new RegExp(`^#?${directive.key}="(.*)"$`, 'm').exec(SHIPPED)?.[1] as string;
      const canonical = (text: string) => {
        const parsed = directive.kind.parse(text);
        return parsed.ok ? directive.kind.format(parsed.value) : parsed;
      };
      expect(canonical(value)).toBe(canonical(directive.default as string));
    },
  );
});

test('the shipped portsentry.ignore has no findings', () => {
  const { entries, findings } = parseIgnoreFile(
    readFileSync('packaging/etc/portsentry.ignore', 'utf8'),
    'ignore',
  );
  expect(findings).toEqual([]);
  expect(entries.map(({ text }) => text)).toEqual(['127.0.0.0/8', '::1']);
});

describe('files that other programs read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-packaging-'));

  test('logrotate accepts its file, and rotates each kind of log once', () => {
    const { status, stderr } = spawnSync(
      'logrotate',
      ['--debug', '--state', join(folder, 'state'), 'packaging/etc/portsentry.logrotate'],
      { encoding: 'utf8' },
    );
    expect(stderr).not.toMatch(/error|duplicate/i);
    expect(status).toBe(0);
  });

  test('fail2ban accepts the jail with the filter', () => {
    cpSync('/etc/fail2ban', join(folder, 'fail2ban'), { recursive: true });
    for (const kind of ['filter.d', 'jail.d']) {
      const source = `packaging/fail2ban/${kind}-portsentry-history.conf`;
      cpSync(source, join(folder, 'fail2ban', kind, 'portsentry-history.conf'));
    }
    const history = join(folder, 'history');
    writeFileSync(history, '');
    writeFileSync(
      join(folder, 'fail2ban/jail.d/portsentry-history.local'),
      `[sshd]\nenabled = false\n[portsentry-history]\nenabled = true\nlogpath = ${history}\n`,
    );
    const dump = execFileSync('fail2ban-client', ['-c', join(folder, 'fail2ban'), '-d'], {
      encoding: 'utf8',
    });
    expect(dump).toContain(`['set', 'portsentry-history', 'addlogpath', '${history}', 'head']`);
    expect(dump).toContain("['set', 'portsentry-history', 'maxretry', 1]");
  });
});
