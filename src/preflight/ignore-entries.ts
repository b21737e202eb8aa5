import type { Finding, Severity } from '../config/finding.ts';
import { parseAddress } from '../net/address.ts';
import { formatPrefix, PrefixTable } from '../net/prefix.ts';
import type { IgnoreEntry } from '../respond/ignore-file.ts';

/** The length of the prefix of a single address. */
const ADDRESS_BITS = 128;

/** What the entries of an ignore file came to, and each entry that spares something else than it seems to. */
export function ignoreEntryFindings(entries: readonly IgnoreEntry[], text: string, file: string): Finding[] {
  const lines = text.split('\n');
  const seen = new PrefixTable<IgnoreEntry>();
  const odd = entries.flatMap((entry) => {
    const column = (lines[entry.line - 1] ?? '').indexOf(entry.text) + 1;
    const about = (severity: Severity, message: string): Finding[] => [
      { severity, file, line: entry.line, column, message: `"${entry.text}" ${message}` },
    ];
    const wider = seen.match(entry.prefix.address);
    const isCovered = wider !== undefined && wider.prefix.length <= entry.prefix.length;
    if (!isCovered) seen.set(entry.prefix, entry);
    return oddity(entry, isCovered ? wider : null, about);
  });
  return [...odd, { severity: 'note', file, line: 0, column: 0, message: summary(entries) }];
}

type About = (severity: Severity, message: string) => Finding[];

function oddity({ prefix, text }: IgnoreEntry, wider: IgnoreEntry | null, about: About): Finding[] {
  const meaning = formatPrefix(prefix);
  const given = parseAddress(text.replace(/\/.*/, ''));
  if (given !== null && !given.equals(prefix.address)) {
    // The whole of loopback is spared anyway.
    const severity = meaning.startsWith('127.') ? 'note' : 'warning';
    return about(severity, `spares all of ${meaning}; write it like this, or leave the length out`);
  }
  if (meaning === '0.0.0.0' || meaning === '::')
    return about('note', 'spares nobody: no source has this address');
  if (wider !== null) return about('note', `is in "${wider.text}" of line ${wider.line} already`);
  const usual = [meaning, `${meaning}/32`, `${meaning}/128`];
  return usual.includes(text.toLowerCase()) ? [] : about('note', `means ${meaning}`);
}

function summary(entries: readonly IgnoreEntry[]): string {
  const addresses = entries.filter(({ prefix }) => prefix.length === ADDRESS_BITS).length;
  const networks = entries.length - addresses;
  const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`;
  return `IGNORE_FILE: spares ${count(addresses, 'address', 'addresses')} and ${count(networks, 'network', 'networks')}`;
}
