import { findAccount } from '../../preflight/account.ts';
import { failureOfTool } from './run-tool.ts';
import type { Tree } from './tree.ts';

/** The user of the process that reads packets. It owns nothing, and no other process runs as it. */
export const ACCOUNT = '_portsentry';

/** Whether the host whose root this folder is has the account; null if it has no accounts at all. */
export function hasAccount(tree: Tree, root: string): boolean | null {
  if (root === '/' && findAccount(ACCOUNT) !== null) return true;
  const entry = tree.look('/etc/passwd');
  return entry.kind === 'file' ? new RegExp(`^${ACCOUNT}:`, 'm').test(entry.text ?? '') : null;
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
    ACCOUNT,
  ]);
}

/** Removes the account with its group. Returns null, or in one line why it stays. */
export function removeAccount(root: string): string | null {
  return failureOfTool(['userdel', ...inRoot(root), ACCOUNT]);
}

function inRoot(root: string): string[] {
  return root === '/' ? [] : ['--root', root];
}
