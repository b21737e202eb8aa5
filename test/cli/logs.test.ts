import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runLogs } from '../../src/cli/logs.ts';
import { testFolder } from '../control/given.ts';
import { writeWeek } from '../support/event-week.ts';
import { configFile, run } from './given.ts';

const logsOf = (configfile: string) =>
  run(configfile, (options, output) =>
    runLogs(
      { command: 'logs', ...options, lines: 1, since: undefined, follow: false, from: 'events' } as never,
      output,
    ),
  );

test('a configuration with errors still says where the events are', async () => {
  const events = join(testFolder(), 'events.json');
  const lines: string[] = [];
  writeWeek(10, Date.parse('2026-11-23T00:00:00Z'), (line) => lines.push(line));
  writeFileSync(events, `${lines.join('\n')}\n`);
  const wrong = configFile(`EVENT_FILE="${events}"`, 'SCAN_TRIGGER="many"');
  const result = await logsOf(wrong);
  expect(result.stderr).toBe(
    `portsentry: ${wrong} has errors (see portsentry check); only USER and EVENT_FILE were read\n`,
  );
  expect(result).toMatchObject({ exit: 0, error: null });
  expect(result.stdout).toBe((await logsOf(configFile(`EVENT_FILE="${events}"`))).stdout);
  expect(result.stdout.trimEnd().split('\n')).toHaveLength(1);
});

test('without EVENT_FILE the events alone are nowhere', async () => {
  expect(await logsOf(configFile(''))).toMatchObject({
    exit: 66,
    error: expect.stringContaining('no line of portsentry was found: EVENT_FILE is not set;'),
  });
});
