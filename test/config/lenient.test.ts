import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../src/config/finding.ts';
import { parseConfig } from '../../src/config/load.ts';

/** The configuration of these lines, and the findings about them. */
function read(...lines: string[]) {
  const { config, findings } = parseConfig(lines.join('\n'), 'f');
  return { config, findings: findings.map(formatFinding) };
}

describe('what PortSentry 1.2 took and ran with is a warning', () => {
  test.each([
    [
      'ADVANCED_PORTS_TCP="1024,65535"',
      { advancedPortsTcp: 1024 },
      'f:1:21: warning: ADVANCED_PORTS_TCP: expected a number from 1 to 65536, found "1024,65535"; taken as "1024", as in PortSentry 1.2',
    ],
    [
      'ADVANCED_PORTS_UDP=" 2048 "',
      { advancedPortsUdp: 2048 },
      'f:1:21: warning: ADVANCED_PORTS_UDP: expected a number from 1 to 65536, found " 2048 "; taken as "2048", as in PortSentry 1.2',
    ],
    [
      'SCAN_TRIGGER="2 connects"',
      { scanTrigger: 2 },
      'f:1:15: warning: SCAN_TRIGGER: expected a number from 0 to 1000000, found "2 connects"; taken as "2", as in PortSentry 1.2',
    ],
    [
      'RESOLVE_HOST="no"',
      { resolveHost: false },
      'f:1:15: warning: RESOLVE_HOST: expected "0" or "1", found "no"; taken as "0", as in PortSentry 1.2',
    ],
    [
      'RESOLVE_HOST="2"',
      { resolveHost: true },
      'f:1:15: warning: RESOLVE_HOST: expected "0" or "1", found "2"; taken as "1", as in PortSentry 1.2',
    ],
    [
      'BLOCK_TCP="0 "',
      { blockTcp: 0 },
      'f:1:12: warning: BLOCK_TCP: expected "0", "1" or "2", found "0 "; taken as "0", as in PortSentry 1.2',
    ],
    [
      'ADVANCED_EXCLUDE_TCP="113,139,"',
      { blockTcp: 0 },
      'f:1:30: warning: ADVANCED_EXCLUDE_TCP: this comma has no port on one side, and is skipped',
    ],
  ])('%s', (line, taken, finding) => {
    const { config, findings } = read(line);
    expect(findings).toEqual([finding]);
    expect(config).toMatchObject(taken);
  });

  test.each([
    'ADVANCED_PORTS_TCP="1-1024"',
    'ADVANCED_PORTS_TCP="0"',
    'ADVANCED_PORTS_TCP="65537"',
    'ADVANCED_PORTS_TCP="70000,1"',
    'SCAN_TRIGGER="often"',
    'BLOCK_TCP="yes"',
    'BLOCK_UDP="3 "',
  ])('%s says something else than 1.2 understood, and is refused', (line) => {
    expect(read(line).config).toBeNull();
  });

  test('65536 is all ports', () => {
    const { config, findings } = read('ADVANCED_PORTS_TCP="65536"', 'ADVANCED_PORTS_UDP="65536"');
    expect(findings).toEqual([]);
    expect(config).toMatchObject({ advancedPortsTcp: 65536, advancedPortsUdp: 65536 });
  });
});

describe('a wrong value of a key that the running modes do not use is a warning', () => {
  const wrong = 'expected a port from 1 to 65535 or a range such as 7-9, found "http"';
  test.each([
    ['TCP_PORTS="http"', null, `TCP_PORTS: ${wrong}; not used by -atcp and -audp`],
    ['UDP_PORTS="http"', ['stcp'] as const, `UDP_PORTS: ${wrong}; not used by -stcp`],
    ['ADVANCED_EXCLUDE_UDP="http"', ['sudp'] as const, `ADVANCED_EXCLUDE_UDP: ${wrong}; not used by -sudp`],
    [
      'UDP_BANNER_AMPLIFY="x"',
      ['tcp', 'sudp'] as const,
      'UDP_BANNER_AMPLIFY: expected "0" or "1", found "x"; not used by -tcp and -sudp',
    ],
  ])('%s in %j', (line, modes, message) => {
    // A file of 1.x has this key, so no list of ports is missing.
    const { config, findings } = parseConfig(`${line}\nADVANCED_EXCLUDE_TCP="113"`, 'f', modes);
    expect(findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      `warning: ${message}`,
    ]);
    expect(config).not.toBeNull();
  });

  test.each([
    ['TCP_PORTS="http"', ['tcp']],
    ['TCP_PORTS="http"', ['stcp', 'audp']],
    ['ADVANCED_PORTS_UDP="all"', null],
    ['SCAN_WINDOW="x"', ['tcp']],
  ] as const)('%s in %j is an error', (line, modes) => {
    expect(parseConfig(line, 'f', modes).config).toBeNull();
  });

  test('MODES of the file counts when no modes are named', () => {
    expect(read('MODES="stcp"', 'TCP_PORTS="http"').config).toBeNull();
    expect(read('MODES="stcp"', 'UDP_PORTS="http"').config).not.toBeNull();
  });
});
