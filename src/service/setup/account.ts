import { findAccount } from '../../preflight/account.ts';
import { SENSOR_USER } from '../../sensor/account.ts';
import { failureOfTool } from './run-tool.ts';
import type { Tree } from './tree.ts';

/** Whether the host whose root this folder is has the account; null if it has no accounts at all. */
export function hasAccount(tree: Tree, root: string): boolean | null {
  if (root === '/' && findAccount(SENSOR_USER) !== null) return true;
  const entry = tree.look('/etc/passwd');
  return entry.kind === 'file' ? new RegExp(`^${SENSOR_USER}:`, 'm').test(entry.text ?? '') : null;
}

/** Makes the account. Returns null, or in one line why there is none. */
export function addAccount(root: string): string | null {
  return failureOfTool([
    'useradd',
    ...inRoot(root),
    '--system',
    '--user-group',
    '--no-create-home',
    ...[
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      '--comment',
      'reads packets for portsentry',
    ],
    SENSOR_USER,
  ]);
}

/** Removes the account with its group. Returns null, or in one line why it stays. */
export function removeAccount(root: string): string | null {
  return failureOfTool(['userdel', ...inRoot(root), SENSOR_USER]);
}

function inRoot(root: string): string[] {
  return root === '/' ? [] : ['--root', root];
}
