import { describe, expect, test } from 'vitest';
import type { InitSystem } from '../../../src/cli/invocation.ts';
import { setupFiles, sourceFolder } from '../../../src/service/setup/files.ts';

function filesFor(inits: readonly InitSystem[], prefix = '/usr/local', fail2ban = false) {
  return setupFiles('.', { prefix, inits, fail2ban, program: `${prefix}/sbin/portsentry`, wrapper: null });
}

const CONFIGURATION = [
  '/etc/portsentry/portsentry.conf',
  '/etc/portsentry/portsentry.ignore',
  '/etc/logrotate.d/portsentry',
];
const FAIL2BAN = ['filter.d', 'jail.d'].map((kind) => `/etc/fail2ban/${kind}/portsentry-history.conf`);
const DEFAULTS = '/etc/default/portsentry';
const SCRIPT = '/etc/init.d/portsentry';

describe('the files that are installed', () => {
  test.each<[inits: InitSystem[], fail2ban: boolean, configuration: string[], service: string[]]>([
    [[], false, CONFIGURATION, []],
    [[], true, [...CONFIGURATION, ...FAIL2BAN], []],
    [['openrc'], false, [...CONFIGURATION, '/etc/conf.d/portsentry'], [SCRIPT]],
    [['sysv'], false, [...CONFIGURATION, DEFAULTS], [SCRIPT]],
    [
      ['systemd', 'sysv'],
      false,
      [...CONFIGURATION, DEFAULTS],
      [
        '/usr/local/lib/portsentry/with-notify',
        '/usr/local/lib/tmpfiles.d/portsentry.conf',
        '/usr/local/lib/systemd/system/portsentry.service',
        SCRIPT,
      ],
    ],
  ])('for %j, fail2ban %j', (inits, fail2ban, configuration, service) => {
    const files = filesFor(inits, '/usr/local', fail2ban);
    const ofKind = (wanted: boolean) =>
      files.filter((file) => file.configuration === wanted).map(({ path }) => path);
    expect(ofKind(true)).toEqual(configuration);
    expect(ofKind(false).filter((path) => !path.startsWith('/usr/local/share/'))).toEqual(service);
    expect(ofKind(false)).toEqual(
      expect.arrayContaining([
        '/usr/local/share/man/man5/portsentry.conf.5',
        '/usr/local/share/bash-completion/completions/portsentry',
        '/usr/local/share/fish/vendor_completions.d/portsentry.fish',
        '/usr/local/share/doc/portsentry/docs/installing.md',
        '/usr/local/share/doc/portsentry/examples/notify-mail',
      ]),
    );
    expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
  });

  test.each([
    ['/usr', '/usr/lib/systemd/system/portsentry.service'],
    ['/usr/local', '/usr/local/lib/systemd/system/portsentry.service'],
    ['/opt/portsentry', '/etc/systemd/system/portsentry.service'],
  ])('below %s, the unit is where systemd reads it: %s', (prefix, path) => {
    const unit = filesFor(['systemd'], prefix).find((file) => file.path === path);
    expect(unit?.text).toContain(`exec ${prefix}/lib/portsentry/with-notify ${prefix}/sbin/portsentry `);
  });

  test('a program in the folder of the package is not changed a second time', () => {
    const program = '/usr/lib/portsentry/main.js';
    const [script] = setupFiles('.', {
      prefix: '/opt',
      inits: ['sysv'],
      fail2ban: false,
      program,
      wrapper: null,
    }).filter(({ path }) => path === SCRIPT);
    expect(script?.text).toContain(`DAEMON=${program}\n`);
  });
});

test.each([
  ['dist/main.js', '.'],
  ['build/bundle/main.js', '.'],
  ['main.js', '.'],
  ['/usr/bin/portsentry', null],
])('the files for %s are in %s', (program, folder) => {
  expect(sourceFolder(program)).toBe(folder);
});
