import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { InitSystem } from '../../../src/cli/invocation.ts';
import { Exit } from '../../../src/preflight/exit.ts';
import { setupFiles } from '../../../src/service/setup/files.ts';
import { install, type Work } from '../../../src/service/setup/install.ts';
import { recordOf } from '../../../src/service/setup/record.ts';
import { remove } from '../../../src/service/setup/remove.ts';
import { Report } from '../../../src/service/setup/report.ts';
import { Tree } from '../../../src/service/setup/tree.ts';
import { testFolder } from '../../control/given.ts';

const PREFIX = '/usr/local';
const CONFIG = '/etc/portsentry/portsentry.conf';
const PAGE = `${PREFIX}/share/man/man8/portsentry.8`;
const STATE = '/var/lib/portsentry';

/** A host with some files. It has no /etc/passwd, so no account is made. */
function host(...folders: string[]): string {
  const root = testFolder();
  for (const folder of ['/etc/init.d', '/usr/local/share/man', '/var/lib', ...folders])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/hostname'), 'host\n');
  return root;
}

interface Options {
  readonly inits?: readonly InitSystem[];
  readonly staging?: boolean;
  readonly dryRun?: boolean;
}

/** The work on that host, and what was printed by it. */
function given(root: string, { inits = ['systemd'], staging = false, dryRun = false }: Options = {}) {
  const lines: string[] = [];
  const report = new Report((line) => lines.push(line.trimEnd()), dryRun);
  const program = `${PREFIX}/lib/portsentry/portsentry`;
  const files = setupFiles('.', {
    prefix: PREFIX,
    inits,
    fail2ban: staging,
    program,
    wrapper: '#!/bin/sh\n',
  });
  const work: Work = { tree: new Tree(root), root, prefix: PREFIX, files, staging, report };
  const deeds = () => new Set(lines.map((line) => line.split(' ')[0]));
  return { work, lines, deeds };
}

/** Every file of the host with its text and mode, and every folder. */
function everything(root: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => {
      const stat = statSync(join(root, name));
      return [name, stat.isFile() ? `${stat.mode} ${readFileSync(join(root, name), 'utf8')}` : 'folder'];
    }),
  );
}

const inits = [['systemd'], ['openrc'], ['sysv'], ['systemd', 'sysv'], []] as const;

describe('install', () => {
  test('a second time it changes nothing, and says so', () => {
    const root = host();
    install(given(root).work);
    const before = everything(root);
    const { work, deeds } = given(root);
    install(work);
    expect(everything(root)).toEqual(before);
    expect(deeds()).toEqual(new Set(['unchanged', 'kept', 'skipped']));
  });

  test('a configuration that is there is kept, and an old page is replaced', () => {
    const root = host('/etc/portsentry', '/usr/local/share/man/man8');
    writeFileSync(join(root, CONFIG), 'BLOCK_TCP="1"\n');
    writeFileSync(join(root, PAGE), 'old');
    const { work, lines } = given(root);
    install(work);
    expect(readFileSync(join(root, CONFIG), 'utf8')).toBe('BLOCK_TCP="1"\n');
    expect(readFileSync(join(root, PAGE), 'utf8')).toContain('.Dt PORTSENTRY 8');
    expect(lines).toContain(`kept      ${CONFIG}: a configuration that is there is never overwritten`);
    expect(lines).toContain(`updated   ${PAGE}`);
    expect(lines).toContain('installed /etc/portsentry/portsentry.ignore');
  });

  test('--dry-run changes nothing, and says the same', () => {
    const root = host();
    const before = everything(root);
    const dry = given(root, { dryRun: true });
    install(dry.work);
    expect(everything(root)).toEqual(before);
    const wet = given(root);
    install(wet.work);
    expect(dry.lines).toEqual(wet.lines);
  });

  test('what is installed can be read by all, whatever was there; the state only by root', () => {
    const root = host();
    install(given(root).work);
    expect(statSync(join(root, CONFIG)).mode & 0o777).toBe(0o644);
    expect(statSync(join(root, PREFIX, 'lib/portsentry/portsentry')).mode & 0o777).toBe(0o755);
    expect(statSync(join(root, STATE)).mode & 0o777).toBe(0o700);
  });

  test('links of the host do not lead out of it', () => {
    const outside = testFolder();
    const root = host('/srv/man');
    symlinkSync('/srv/man', join(root, 'usr/local/share/man/man8'));
    symlinkSync(`../../../../../../../../../../${outside}`, join(root, 'etc/logrotate.d'));
    symlinkSync(join(outside, 'conf'), join(root, 'etc/portsentry'));
    const { work } = given(root);
    install(work);
    expect(readdirSync(join(root, 'srv/man'))).toEqual(['portsentry.8']);
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(join(root, outside)).sort()).toEqual(['conf', 'portsentry']);
    expect(readdirSync(join(root, outside, 'conf'))).toEqual(['portsentry.conf', 'portsentry.ignore']);
  });

  test('a link of another user is not followed', () => {
    const root = host('/srv', '/etc/portsentry');
    chmodSync(join(root, 'etc/portsentry'), 0o777);
    symlinkSync('/srv/conf', join(root, CONFIG));
    chmodSync(join(root, 'usr/local/share'), 0o777);
    symlinkSync('/srv', join(root, 'usr/local/share/zsh'));
    const { work } = given(root);
    expect(() => install(work)).toThrow(
      /_portsentry: zsh is a symbolic link below a folder that others may write to/,
    );
    expect(readdirSync(join(root, 'srv'))).toEqual([]);
  });

  test('a failure names the file; what was done before is printed, remembered, and can be removed', () => {
    const root = host();
    const before = everything(root);
    mkdirSync(join(root, 'etc/portsentry/portsentry.ignore'), { recursive: true });
    const { work, lines } = given(root);
    expect(() =>
      install({ ...work, files: work.files.map((f) => ({ ...f, configuration: false })) }),
    ).toThrow(
      expect.objectContaining({
        exit: Exit.ioError,
        message: expect.stringMatching(
          /^\/etc\/portsentry\/portsentry\.ignore: .*; what is listed above is done/,
        ),
      }),
    );
    expect(lines.at(-1)).toBe(`installed ${CONFIG}`);
    expect(readdirSync(join(root, 'etc/portsentry')).sort()).toEqual([
      'portsentry.conf',
      'portsentry.ignore',
    ]);
    remove(given(root).work, false);
    expect(everything(root)).toEqual({
      ...before,
      'etc/portsentry': 'folder',
      'etc/portsentry/portsentry.ignore': 'folder',
    });
  });
});

describe('remove', () => {
  test.each(inits.flatMap((each) => [false, true].map((staging) => [each, staging] as const)))(
    'for %j, staging %s: nothing is left but what was there',
    (names, staging) => {
      const root = staging ? testFolder() : host();
      const before = everything(root);
      install(given(root, { inits: names, staging }).work);
      expect(Object.keys(everything(root)).length).toBeGreaterThan(Object.keys(before).length + 30);
      remove(given(root, { inits: names, staging }).work, false);
      expect(everything(root)).toEqual(before);
    },
  );

  test('on a host without any of it, does nothing', () => {
    const root = host();
    const before = everything(root);
    const { work, lines } = given(root);
    remove(work, true);
    expect(lines).toEqual([]);
    expect(everything(root)).toEqual(before);
  });

  test.each([false, true])('keeps changed files and the state, unless they are purged (%s)', (purge) => {
    const root = host('/var/log');
    const before = everything(root);
    install(given(root).work);
    writeFileSync(join(root, CONFIG), 'BLOCK_TCP="1"\n');
    writeFileSync(join(root, STATE, 'blocks.json'), '');
    writeFileSync(join(root, 'etc/portsentry/portsentry.blocked.atcp'), '');
    writeFileSync(join(root, 'var/log/portsentry-events.json.1'), '');
    const { work, lines } = given(root);
    remove(work, purge);
    const left = Object.keys(everything(root)).filter((name) => before[name] === undefined);
    expect(left.sort()).toEqual(
      purge
        ? []
        : [
            'etc/portsentry',
            'etc/portsentry/portsentry.blocked.atcp',
            'etc/portsentry/portsentry.conf',
            'var/lib/portsentry',
            'var/lib/portsentry/blocks.json',
            'var/log/portsentry-events.json.1',
          ],
    );
    if (purge) return;
    expect(lines).toContain(`kept      ${CONFIG}: it was changed; --purge removes it`);
    expect(lines).toContain(`kept      ${STATE}: the daemon wrote there; --purge removes it`);
  });

  test('a record that names folders of others removes nothing that is in use', () => {
    const root = host('/srv/data');
    writeFileSync(join(root, 'srv/data/file'), '');
    install(given(root).work);
    writeFileSync(join(root, recordOf(PREFIX)), 'folder /srv/data\nfolder ../..\naccount root\nnonsense\n');
    remove(given(root).work, false);
    expect(readFileSync(join(root, 'srv/data/file'), 'utf8')).toBe('');
  });

  test('--dry-run changes nothing', () => {
    const root = host();
    install(given(root).work);
    const before = everything(root);
    const { work, lines } = given(root, { dryRun: true });
    remove(work, true);
    expect(everything(root)).toEqual(before);
    expect(lines).toContain(`removed   ${CONFIG}`);
  });
});
