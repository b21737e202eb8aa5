import type { Tree } from './tree.ts';

/** What setup made on this host that a removal must take back, but only if it was setup that made it. */
export interface Made {
  readonly folders: Set<string>;
  readonly accounts: Set<string>;
}

/** Where it is remembered. Only root may write there. */
export function recordOf(prefix: string): string {
  return `${prefix}/share/portsentry/setup.list`;
}

/** Reads it. A line that means nothing is passed over. */
export function readRecord(tree: Tree, prefix: string): Made {
  const made: Made = { folders: new Set(), accounts: new Set() };
  const entry = tree.look(recordOf(prefix));
  const text = entry.kind === 'file' ? (entry.text ?? '') : '';
  for (const [, what, name = ''] of text.matchAll(/^(folder|account) (\S+)$/gm))
    (what === 'folder' ? made.folders : made.accounts).add(name);
  return made;
}

/** The text of the record; null if there is nothing to remember. */
export function recordText({ folders, accounts }: Made): string | null {
  const lines = [
    ...[...folders].sort().map((path) => `folder ${path}`),
    ...[...accounts].map((name) => `account ${name}`),
  ];
  if (lines.length === 0) return null;
  return `${['# What portsentry setup made here; setup --remove reads it.', ...lines].join('\n')}\n`;
}
