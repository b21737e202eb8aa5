import type { Argv } from 'yargs';
import type { Invocation } from '../invocation.ts';
import { asGiven, CONFIGURATION, JSON_OUTPUT, STANDARD_INPUT } from './options.ts';

/** Rows of a page and of a terminal. */
const PAGE_ROWS = 25;
const TERMINAL_ROWS = 10;

/** Adds `report [FILE...]`. `take` receives the invocation. */
export function addReport(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    'report [files..]',
    'show who scanned, which ports and when, as text or as a page (--html)',
    (command) =>
      command
        .positional('files', {
          type: 'string',
          array: true,
          defaultDescription: 'EVENT_FILE and what logrotate made of it',
          describe: 'event files or captures (gzip, too; - is events on standard input)',
        })
        .options({
          ...CONFIGURATION,
          since: {
            type: 'string',
            requiresArg: true,
            describe: 'events from this time on, or 7d: a week ago',
          },
          until: {
            type: 'string',
            requiresArg: true,
            describe: 'events before this time, or 1h: an hour ago',
          },
          html: {
            type: 'string',
            requiresArg: true,
            describe: 'write one page that needs nothing else to this file; - is standard output',
          },
          top: {
            type: 'number',
            requiresArg: true,
            defaultDescription: `${TERMINAL_ROWS}, ${PAGE_ROWS} with --html`,
            describe: 'sources and ports that are named',
          },
          ...JSON_OUTPUT,
        })
        .check(({ top, html, json }) => {
          if (top !== undefined && (!Number.isInteger(top) || top < 0))
            throw new Error('--top takes a whole number');
          if (html === STANDARD_INPUT && json)
            throw new Error('--html - and --json both write to standard output; name a file');
          return true;
        }),
    ({ configfile, since, until, html, top, json, files }) => {
      take({
        command: 'report',
        files: (files ?? []).map(asGiven),
        configfile,
        since,
        until,
        html: html === undefined ? undefined : asGiven(html),
        top: top ?? (html === undefined ? TERMINAL_ROWS : PAGE_ROWS),
        json,
      });
    },
  );
}
