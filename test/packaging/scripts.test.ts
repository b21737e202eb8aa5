import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/** Every file of the repository that a shell runs. */
function shellScripts(): string[] {
  const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
  return files.filter((file) => /^#!\S*(\/(ba)?sh|env bash|openrc-run)\b/.test(firstLine(file)));
}

function firstLine(file: string): string {
  return readFileSync(file, 'latin1').split('\n', 1)[0] as string;
}

describe('shellcheck', () => {
  test('is asked about the scripts of every kind', () => {
    expect(shellScripts()).toEqual(
      expect.arrayContaining([
        '.ci/run',
        'bench/run',
        'fixtures/make/run',
        'native-notes/need',
        'packaging/deb/postinst',
        'packaging/install',
        'packaging/openrc/portsentry.initd',
        'packaging/sysv/portsentry.init',
      ]),
    );
  });

  test.each([...shellScripts(), 'packaging/sysv/portsentry.default', 'packaging/openrc/portsentry.confd'])(
    'finds nothing in %s',
    (script) => {
      // What a start script reads has no interpreter, and variables that only that one uses.
      const fragment = firstLine(script).startsWith('#!') ? [] : ['--shell=sh', '--exclude=SC2034'];
      const { status, stdout } = spawnSync('shellcheck', ['--external-sources', ...fragment, script], {
        encoding: 'utf8',
      });
      expect(stdout).toBe('');
      expect(status).toBe(0);
    },
  );
});

describe('the ebuild', () => {
  test('is shell without a fault of syntax', () => {
    const { status, stderr } = spawnSync('bash', ['-n', 'packaging/gentoo/portsentry.ebuild'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
