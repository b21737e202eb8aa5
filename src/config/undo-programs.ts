import type { SimpleCommand, Word } from './shell-words.ts';

/** What taking one command back needs. */
export type Part =
  /** This command undoes it. */
  | { readonly does: 'blocks'; readonly undo: string }
  /** It changes nothing that has to be taken back, such as a message. */
  | { readonly does: 'nothing' }
  /** It saves or reloads the rules, so it must be run again after the undo. */
  | { readonly does: 'settles' }
  | { readonly does: 'unknown' };

const TARGET = '$TARGET$';
const NOTHING: Part = { does: 'nothing' };
const SETTLES: Part = { does: 'settles' };
const UNKNOWN: Part = { does: 'unknown' };

/** What a known program does with these words, which follow its name. Returns null for a form that is not known. */
type Inverse = (program: string, words: readonly Word[]) => Part | null;

/** Finds out what one command does and what takes it back. */
export function inverseOf({ words }: SimpleCommand): Part {
  const at = programAt(words);
  const name = (words[at]?.text ?? '').replace(/^.*\//, '');
  const rest = words.slice(at + 1);
  if (SAVERS.test(name) && rest.some(({ text }) => SAVES.test(text))) return SETTLES;
  if (/^ip6?tables(?:-legacy|-nft)?-save$/.test(name)) return SETTLES;
  if (HARMLESS.has(name)) return NOTHING;
  const program = words
    .slice(0, at + 1)
    .map(({ raw }) => raw)
    .join(' ');
  const part = INVERSES[name.replace(/-(?:legacy|nft)$/, '')]?.(program, rest) ?? UNKNOWN;
  // Without the token it does the same for every source.
  return part.does === 'blocks' && !part.undo.includes(TARGET) ? UNKNOWN : part;
}

/** Programs that report or wait. */
const HARMLESS = new Set(
  'echo printf logger mail mailx mutt wall date touch true : sleep tee cat curl wget whois conntrack ss test ['.split(
    ' ',
  ),
);

const SAVERS = /^(?:ip6?tables|ipset|netfilter-persistent|service|rc-service|systemctl|firewall-cmd|ufw)$/;
const SAVES = /^(?:save|reload|restart|--reload|--runtime-to-permanent)$/;

/** Where the program's name stands: after assignments and programs that only run another one. */
function programAt(words: readonly Word[]): number {
  let at = 0;
  for (;;) {
    const name = words[at]?.text.replace(/^.*\//, '') ?? '';
    if (/^\w+=/.test(name) || /^(?:sudo|exec|env|nice|command)$/.test(name)) at++;
    else if (name === 'timeout' && /^\d/.test(words[at + 1]?.text ?? '')) at += 2;
    else if (/^-[nE]$/.test(name) && at > 0) at++;
    else return at;
  }
}

const INVERSES: Readonly<Record<string, Inverse>> = {
  iptables,
  ip6tables: iptables,
  ipchains: iptables,
  route: (program, words) => swap(program, words, /^add$/, 'del'),
  ip,
  nft,
  ipset,
  pfctl: (program, words) =>
    swap(program, words, /^-Tadd$/, '-Tdelete') ?? swapAfter(program, words, /^-T$/, /^add$/, 'delete'),
  ufw,
  'firewall-cmd': firewalld,
  shorewall: (program, words) => swap(program, words, /^(?:drop|reject)$/, 'allow'),
  csf: (program, words) => swap(program, words, /^-d$/, '-dr'),
  'fail2ban-client': (program, words) => swap(program, words, /^banip$/, 'unbanip'),
};

/** `-I CHAIN [NUMBER]` and `-A CHAIN` become `-D CHAIN`, which deletes by the rule's own words. */
function iptables(program: string, words: readonly Word[]): Part | null {
  if (words.some(({ text }) => /^(?:-C|--check|-L|--list|-S|--list-rules)$/.test(text))) return NOTHING;
  const at = words.findIndex(({ text }) => /^(?:-[IA]|--insert|--append)$/.test(text));
  if (at < 0) return null;
  const isNumbered = /^\d+$/.test(words[at + 2]?.text ?? '');
  return undo(program, [
    ...words.slice(0, at),
    raw('-D'),
    words[at + 1] as Word,
    ...words.slice(at + (isNumbered ? 3 : 2)),
  ]);
}

/** `ip route add` and `ip rule add`, also abbreviated. */
function ip(program: string, words: readonly Word[]): Part | null {
  const at = words.findIndex(({ text }) => !text.startsWith('-'));
  const [object = '', verb = ''] = words.slice(at).map(({ text }) => text);
  if (/^(?:r|ro|rou|rout|route)$/.test(object)) {
    if (/^f(?:l|lu|lus|lush)?$/.test(verb)) return NOTHING;
    return swap(program, words, /^(?:a|ad|add|append|prepend|replace|change)$/, 'del');
  }
  return /^rule?$/.test(object) ? swap(program, words, /^(?:a|ad|add)$/, 'del') : null;
}

const NFT_FAMILY = '(?:(?:ip6?|inet|arp|bridge|netdev) )?';
const NFT_RULE = new RegExp(
  `^(?:add|insert) rule (${NFT_FAMILY}\\S+ \\S+) .*(?<= saddr )\\$TARGET\\$(?: |$)`,
);
const NFT_ELEMENT = new RegExp(`^add element (${NFT_FAMILY}\\S+ \\S+) \\{ ?\\$TARGET\\$[^,}]*\\}$`);

/** nft deletes a rule only by its handle, so the undo looks the handle up. An element is deleted by its own words. */
function nft(program: string, words: readonly Word[]): Part | null {
  const text = words
    .map((word) => word.text)
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
  const element = NFT_ELEMENT.exec(text)?.[1];
  if (element !== undefined) return undo(program, [raw(`delete element ${element} '{ ${TARGET} }'`)]);
  const chain = NFT_RULE.exec(text)?.[1];
  if (chain === undefined) return null;
  const find = `${program} -a list chain ${chain} | grep -F -m1 ' saddr ${TARGET} ' | sed 's/.* handle //'`;
  return undo(program, [raw(`delete rule ${chain} handle $(${find})`)]);
}

/** Options of the entry, such as its timeout, do not belong to its removal. */
function ipset(program: string, words: readonly Word[]): Part | null {
  const options = words.filter(({ text }) => /^-(?:exist|!|quiet|q)$/.test(text));
  const [verb, set, entry] = words.filter((word) => !options.includes(word));
  if (set === undefined || entry === undefined || !entry.text.includes(TARGET)) return null;
  const inverse = { add: 'del', '-A': '-D', '--add': '--del' }[verb?.text ?? ''];
  return inverse === undefined ? null : undo(program, [raw(inverse), set, entry, ...options]);
}

/** ufw deletes by the rule's own words; the place of the rule and its comment are none of them. */
function ufw(program: string, words: readonly Word[]): Part | null {
  let rest = words.filter(({ text }) => text !== '--force');
  const route = rest[0]?.text === 'route' ? rest.slice(0, 1) : [];
  rest = rest.slice(route.length);
  if (rest[0]?.text === 'insert') rest = rest.slice(2);
  else if (rest[0]?.text === 'prepend') rest = rest.slice(1);
  const comment = rest.findIndex(({ text }) => text === 'comment');
  if (comment >= 0) rest = [...rest.slice(0, comment), ...rest.slice(comment + 2)];
  return /^(?:deny|reject|limit)$/.test(rest[0]?.text ?? '')
    ? undo(program, [...route, raw('delete'), ...rest])
    : null;
}

const FIREWALLD_ADD = /^--add-(?=(?:rich-rule|source|entry|rule|passthrough)(?:=|$))/;

/** A time limit belongs only to what adds. */
function firewalld(program: string, words: readonly Word[]): Part | null {
  if (!words.some(({ text }) => FIREWALLD_ADD.test(text))) return null;
  const kept = words.filter(
    ({ text }, index) => !/^--timeout(?:=|$)/.test(text) && words[index - 1]?.text !== '--timeout',
  );
  return undo(
    program,
    kept.map((word) => raw(word.raw.replace(FIREWALLD_ADD, '--remove-'))),
  );
}

function swap(program: string, words: readonly Word[], from: RegExp, to: string): Part | null {
  const at = words.findIndex(({ text }) => from.test(text));
  return at < 0 ? null : undo(program, words.with(at, raw(to)));
}

function swapAfter(
  program: string,
  words: readonly Word[],
  before: RegExp,
  from: RegExp,
  to: string,
): Part | null {
  const at = words.findIndex(
    ({ text }, index) => from.test(text) && before.test(words[index - 1]?.text ?? ''),
  );
  return at < 0 ? null : undo(program, words.with(at, raw(to)));
}

function undo(program: string, words: readonly Word[]): Part {
  return { does: 'blocks', undo: [program, ...words.map((word) => word.raw)].join(' ') };
}

function raw(text: string): Word {
  return { raw: text, text };
}
