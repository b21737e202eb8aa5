import { describe, expect, test } from 'vitest';
import type { InitSystem } from '../../../src/cli/invocation.ts';
import { findInit, type Owner, placeTrouble } from '../../../src/service/setup/host.ts';

describe('the init system', () => {
  test.each<[what: string, paths: string[], found: InitSystem | null]>([
    ['booted by systemd, OpenRC installed', ['/run/systemd/system', '/sbin/openrc-run'], 'systemd'],
    ['booted by OpenRC, systemd installed', ['/run/openrc/softlevel', '/lib/systemd/systemd'], 'openrc'],
    ['a container of Gentoo', ['/sbin/openrc-run'], 'openrc'],
    ['a container of Debian', ['/lib/systemd/systemd', '/lib/lsb/init-functions'], 'systemd'],
    ['Devuan', ['/lib/lsb/init-functions'], 'sysv'],
    ['runit', [], null],
  ])('of a host: %s', (_what, paths, found) => {
    expect(findInit('/', (path) => paths.includes(path as string))).toBe(found);
  });

  test('of another root is what is installed there, whatever booted this host', () => {
    const paths = ['/run/systemd/system', '/mnt/run/systemd/system', '/mnt/sbin/openrc-run'];
    expect(findInit('/mnt', (path) => paths.includes(path as string))).toBe('openrc');
  });
});

describe('programs of a service that runs as root', () => {
  const ROOT: Owner = { uid: 0, gid: 0, mode: 0o755 };
  const judge = (path: string, init: InitSystem, others: Record<string, Partial<Owner>> = {}) =>
    placeTrouble([path], [init], (part) => ({ ...ROOT, ...others[part] }));

  test.each<[path: string, init: InitSystem, others: Record<string, Partial<Owner>>, trouble: RegExp | null]>(
    [
      ['/usr/bin/env', 'systemd', {}, null],
      ['/usr/bin/env', 'systemd', { '/usr/bin': { mode: 0o2775, gid: 50 } }, null],
      [
        '/usr/bin/env',
        'systemd',
        { '/usr/bin': { uid: 1000 } },
        /^\/usr\/bin belongs to user 1000, so others/,
      ],
      ['/usr/bin/env', 'sysv', { '/usr/bin/env': { mode: 0o757 } }, /env can be written by everybody/],
      ['/usr/bin/env', 'sysv', { '/usr': { mode: 0o775, gid: 1000 } }, /^\/usr can be written by group 1000/],
      ['/usr/none/main.js', 'sysv', { '/usr': { uid: 7 } }, /^\/usr belongs to user 7/],
      ['/home/ann/.nvm/node', 'systemd', {}, /below \/home, which the systemd unit does not see/],
      ['/root/.nvm/node', 'systemd', {}, /below \/root, which/],
      ['/root/.nvm/node', 'openrc', {}, null],
      ['/tmp/none/main.js', 'systemd', {}, /below \/tmp, which/],
      ['/tmp/none/main.js', 'openrc', { '/tmp': { mode: 0o777 } }, /^\/tmp can be written by everybody/],
      ['/tmp/none/main.js', 'openrc', { '/tmp': { mode: 0o1777 } }, null],
    ],
  )('%s under %s with %j', (path, init, others, trouble) => {
    if (trouble === null) expect(judge(path, init, others)).toBeNull();
    else expect(judge(path, init, others)).toMatch(trouble);
  });
});
