import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildReport } from '../../src/report/build-report.ts';
import { parseEventLine } from '../../src/report/event-line.ts';
import { openOrigins } from '../../src/report/geo.ts';
import { reportPage } from '../../src/report/html/page.ts';
import { nothingRead } from '../../src/report/read-events.ts';
import { EventSums } from '../../src/report/sums.ts';
import { geoFiles, writeWeek } from './event-week.ts';

const EVENTS = 40_000;
const BEGIN = Date.parse('2026-11-23T00:00:00Z');
const MADE = Date.parse('2026-11-30T06:00:00Z');

/** The pictures of README, and the hash of the page that they show, below the root of the project. */
export const PICTURES = {
  light: 'docs/pictures/report-light.png',
  dark: 'docs/pictures/report-dark.png',
} as const;
export const PICTURE_HASH = 'docs/pictures/report.sha256';

/** The page of which README shows a picture: a week of generated events, the same each time. Call it with TZ=UTC. */
export async function picturePage(): Promise<string> {
  const sums = new EventSums(64);
  const truth = writeWeek(EVENTS, BEGIN, (line) => {
    const event = parseEventLine(line);
    if (event !== null) sums.take(event);
  });
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-picture-'));
  try {
    for (const [name, bytes] of Object.entries(geoFiles())) writeFileSync(join(folder, name), bytes);
    const origins = await openOrigins(folder, () => {});
    const report = buildReport(sums, {
      version: '3.0.0',
      made: MADE,
      host: 'gate.example.org',
      files: ['/var/log/portsentry.json'],
      since: null,
      until: null,
      read: { ...nothingRead(), events: truth.events },
      top: 25,
      origins: { ...origins, paths: ['/var/lib/GeoIP/GeoLite2-Country.mmdb'] },
    });
    return reportPage(report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What stands in PICTURE_HASH. */
export function hashOf(page: string): string {
  return `${createHash('sha256').update(page).digest('hex')}\n`;
}
