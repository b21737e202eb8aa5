/** What the keys do. */
export const HELP: readonly string[] = [
  'up, down, PgUp, PgDn, Home, End   move',
  'Enter    show what is known of the source, and what will happen to it (why)',
  's        sort by last probe, first probe, probes, ports',
  '/        show only sources with this text in a column; Esc removes it',
  'p, blank pause, and go on',
  'b, u     block or unblock the source, after a question (root only)',
  '?        this page',
  'Ctrl-Z   suspend; fg comes back',
  'q, Ctrl-C end',
  '',
  'held: sources that the kernel drops for a few seconds, as of some seconds ago.',
  'lost: reports of the kernel that could not be read.',
  'breaker open: many new sources at once, so a source of a single probe is only logged.',
];

/** The keys in one line. */
export const HINT = 'q quit  s sort  / filter  p pause  Enter why  b block  u unblock  ? help';
