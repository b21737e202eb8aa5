import { styled, terminalPicture } from './terminal-picture.ts';

/** Where the picture of three hosts in README stands. */
export const SHARE_PICTURE = 'docs/pictures/three-hosts.svg';

const COLUMNS = 110;

/** A command on one of the hosts, and what it printed. */
export interface SessionPart {
  readonly heading: string;
  readonly command: string;
  readonly output: string;
}

/**
 * What three hosts print that share by CrowdSec: `one` is scanned by 203.0.113.7. `test/e2e/share-crowdsec.test.ts` runs
 * these commands, and compares.
 */
export const SESSION: readonly SessionPart[] = [
  {
    heading: 'Host one is scanned. It blocks the scanner, and tells the others.',
    command: 'portsentry list',
    output: `\
TARGET       SINCE             ENDS            TIMES  METHOD    IN FORCE  WHY
203.0.113.7  2026-11-22 13:33  in 23 h 59 min  1      nftables  yes       Connect, port 3000
`,
  },
  {
    heading: 'Hosts two and three shut it out as well.',
    command: 'portsentry list',
    output: `\
Nobody is blocked.

In the shared list crowdsec:
TARGET       ENDS            WHY
203.0.113.7  in 23 h 59 min  portsentry/scan from one
`,
  },
  {
    heading: 'Host three frees it on all of them.',
    command: 'portsentry unblock 203.0.113.7',
    output: '203.0.113.7 is no longer in the list crowdsec; CrowdSec at http://192.0.2.1:8080 is told\n',
  },
  {
    heading: 'Hosts one and two, a moment later.',
    command: 'portsentry list',
    output: 'Nobody is blocked.\n',
  },
];

/** What was printed in a test as it stands in the picture: with its addresses and times, which are of the same width. */
export function asInPicture(output: string, scanner: string): string {
  return output
    .replaceAll(scanner, '203.0.113.7')
    .replace(/http:\/\/[\d.]+:/g, 'http://192.0.2.1:')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, '2026-11-22 13:33')
    .replace(/in 23 h 5\d min/g, 'in 23 h 59 min')
    .replace(/port 300\d/g, 'port 3000');
}

/** The picture as SVG. */
export function sharePicture(): string {
  const lines = SESSION.flatMap(({ heading, command, output }) => [
    styled('inverse', ` ${heading}`.padEnd(COLUMNS)),
    styled('bold', `# ${command}`),
    ...output.trimEnd().split('\n'),
    '',
  ]).slice(0, -1);
  return terminalPicture({ columns: COLUMNS, rows: lines.length }, lines, {
    title: 'Three hosts that share what they know',
    description:
      'The first host blocks a scanner, the two others have it in the list crowdsec, and unblock on the third one frees it on all.',
  });
}
