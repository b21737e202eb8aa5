import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/** Every shell script of the repository. */
function shellScripts(): string[] {
  const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
  return files.filter((file) => /^#!\S*(\/(ba)?sh|env bash|openrc-run)\b/.test(firstLine(file)));
}

function firstLine(file: string): string {
  return readFileSync(file, 'latin1').split('\n', 1)[0] as string;
}

describe('shellcheck', () => {
  test('checks scripts of every kind', () => {
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
    'has no finding in %s',
    (script) => {
      // A file that a start script reads has no interpreter line, and only that script uses its variables.
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
  test.each(['portsentry', 'acct-user', 'acct-group'])('%s has no syntax error', (name) => {
    const { status, stderr } = spawnSync('bash', ['-n', `packaging/gentoo/${name}.ebuild`], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
