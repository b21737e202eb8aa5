import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatFinding } from '../../src/config/finding.ts';
import { parseConfig } from '../../src/config/load.ts';
import { notifyFindings } from '../../src/preflight/check-notify.ts';
import { testFolder } from '../record/given.ts';

function findingsOf(text: string, rights = true): string[] {
  return notifyFindings(parseConfig(text, 'f'), { rights }).map(formatFinding);
}

test.each<[text: string, findings: string[]]>([
  ['', []],
  ['NOTIFY_COMMAND="cat > /dev/null"', []],
  [
    'NOTIFY_COMMAND="mailer --about $TARGET$"',
    [
      'f:1:17: warning: NOTIFY_COMMAND: $TARGET$ is not replaced here; what happened comes as JSON on standard input',
      'f:1:17: warning: NOTIFY_COMMAND: mailer cannot be run: it is in no folder of PATH',
    ],
  ],
  [
    'NOTIFY_URL="https://x/"\nNOTIFY_TOKEN_FILE="/nonexistent/token"',
    [
      expect.stringMatching(
        /^f:2:20: warning: NOTIFY_TOKEN_FILE: \/nonexistent\/token: there is no such file; nothing is sent meanwhile$/,
      ),
    ],
  ],
])('%s', (text, findings) => {
  expect(findingsOf(text)).toEqual(findings);
});

test('who is not root cannot say what root may read', () => {
  const path = join(testFolder(), 'url');
  writeFileSync(path, 'https://x/');
  chmodSync(path, 0o644);
  const text = `NOTIFY_URL_FILE="${path}"`;
  expect(findingsOf(text)).toHaveLength(1);
  expect(findingsOf(text, false)).toEqual([]);
});
