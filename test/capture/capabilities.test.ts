import { expect, test } from 'vitest';
import { describeMissing, missingCapabilities, missingInPrograms } from '../../src/capture/capabilities.ts';

const status = (uid: number, effective: string, ambient = '0') =>
  `Name:\tnode\nUid:\t1000\t${uid}\t1000\t1000\nCapEff:\t${effective}\nCapAmb:\t${ambient}\n`;

test.each([
  ['root with all', status(0, '1ffffffffff'), []],
  ['root without CAP_NET_RAW', status(0, '1ffffffdfff'), ['CAP_NET_RAW']],
  ['a user with none', status(1000, '0'), ['CAP_NET_ADMIN', 'CAP_NET_RAW']],
  ['a user with CAP_NET_RAW', status(1000, '2000'), ['CAP_NET_ADMIN']],
])('%s', (_who, text, missing) => {
  expect(missingCapabilities(['CAP_NET_ADMIN', 'CAP_NET_RAW'], text)).toEqual(missing);
});

test('a program of root keeps what root has; one of another user only what is ambient', () => {
  expect(missingInPrograms(['CAP_NET_ADMIN'], status(0, '1000'))).toEqual([]);
  expect(missingInPrograms(['CAP_NET_ADMIN'], status(1000, '1000'))).toEqual(['CAP_NET_ADMIN']);
  expect(missingInPrograms(['CAP_NET_ADMIN'], status(1000, '1000', '1000'))).toEqual([]);
});

// "Root without CAP_NET_RAW is told: run it as root."
test('what is missing has its name, and root is never told to become root', () => {
  expect(describeMissing(['CAP_NET_RAW'], status(1000, '0'))).toBe(
    'CAP_NET_RAW is missing: run it as root, or grant it',
  );
  expect(describeMissing(['CAP_NET_RAW'], status(0, '0'))).toBe(
    'CAP_NET_RAW is missing: root was started without it, as in a container or under systemd',
  );
  expect(describeMissing(['CAP_CHOWN', 'CAP_SETGID', 'CAP_SETUID'], status(0, '0'))).toBe(
    'CAP_CHOWN, CAP_SETGID and CAP_SETUID are missing: root was started without them, as in a container or under systemd',
  );
});
