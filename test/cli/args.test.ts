import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseArguments } from '../../src/cli/args.ts';

const parse = (...argv: string[]) => parseArguments(argv, '3.0.0');

const RUN = {
  command: 'run',
  configfile: undefined,
  mode: [],
  interface: [],
  logoutput: [],
  daemon: false,
  verbose: false,
  debug: false,
  localCheck: true,
  serviceCheck: true,
  dryRun: false,
};

const REPLAY = {
  command: 'replay',
  files: ['f'],
  mode: [],
  inferOpen: true,
  checksum: true,
  format: 'text',
  summary: 'text',
  top: 10,
  time: true,
  localCheck: true,
  act: false,
};

describe('run', () => {
  test.each<[string, object]>([
    ['', {}],
    ['-tcp', { mode: ['tcp'] }],
    ['-stcp', { mode: ['stcp'] }],
    ['-atcp -audp', { mode: ['atcp', 'audp'] }],
    ['-sudp --mode stcp', { mode: ['sudp', 'stcp'] }],
    ['--mode stcp,sudp', { mode: ['stcp,sudp'] }],
    ['-c /x', { configfile: '/x' }],
    ['--configfile=/x -atcp', { configfile: '/x', mode: ['atcp'] }],
    ['-i eth0 -i ALL', { interface: ['eth0', 'ALL'] }],
    ['--interface ALL_NLO -udp', { interface: ['ALL_NLO'], mode: ['udp'] }],
    ['-l stdout', { logoutput: ['stdout'] }],
    ['-l stdout -l syslog', { logoutput: ['stdout', 'syslog'] }],
    ['-D', { daemon: true }],
    ['--daemon', { daemon: true }],
    ['-v', { verbose: true }],
    ['-d', { verbose: true, debug: true }],
    ['--debug', { verbose: true, debug: true }],
    ['-L', { localCheck: false }],
    ['--disable-local-check', { localCheck: false }],
    ['-S', { serviceCheck: false }],
    ['--disable-service-check', { serviceCheck: false }],
    ['--dry-run', { dryRun: true }],
    ['--stealth', { mode: ['stcp,sudp'] }],
    ['--connect', { mode: ['tcp,udp'] }],
    ['--stealth -m raw', { mode: ['stcp,sudp'] }],
    ['--method=pcap', {}],
    [
      '--stealth -mpcap -dLS -iALL -lstdout -c/x',
      {
        mode: ['stcp,sudp'],
        verbose: true,
        debug: true,
        localCheck: false,
        serviceCheck: false,
        interface: ['ALL'],
        logoutput: ['stdout'],
        configfile: '/x',
      },
    ],
  ])('portsentry %s', async (line, expected) => {
    const argv = line === '' ? [] : line.split(' ');
    expect(await parse(...argv)).toEqual({ ...RUN, ...expected });
  });
});

describe('replay', () => {
  test.each<[string, object]>([
    ['f', {}],
    // yargs drops a lone dash.
    ['-', { files: ['-'] }],
    ['f - g', { files: ['f', '-', 'g'] }],
    ['1', { files: ['1'] }],
    ['-stcp f', { mode: ['stcp'] }],
    ['f --mode atcp,audp', { mode: ['atcp,audp'] }],
    ['f --home 10.0.0.0/8,fd00::1', { home: '10.0.0.0/8,fd00::1' }],
    ['f --open tcp/22', { open: 'tcp/22' }],
    ['f --no-infer-open', { inferOpen: false }],
    ['f --no-checksum', { checksum: false }],
    ['f --format json', { format: 'json' }],
    ['f --no-summary', { summary: 'none' }],
    ['--summary f', { summary: 'text' }],
    ['f --summary=json --top 3', { summary: 'json', top: 3 }],
    ['f --no-time', { time: false }],
    ['f -L', { localCheck: false }],
    ['f --since 2026-11-22 --until 2026-11-23', { since: '2026-11-22', until: '2026-11-23' }],
    ['f --port 22,udp/53', { port: '22,udp/53' }],
    ['f --source 10.0.0.1 --extract g', { source: '10.0.0.1', extract: 'g' }],
    ['f --act', { act: true }],
    ['f -c /x', { configfile: '/x' }],
  ])('portsentry replay %s', async (line, expected) => {
    expect(await parse('replay', ...line.split(' '))).toMatchObject({ ...REPLAY, ...expected });
  });
});

test('check', async () => {
  expect(await parse('check')).toEqual({ command: 'check', configfile: undefined, mode: [] });
  expect(await parse('check', '-c', '/x')).toEqual({ command: 'check', configfile: '/x', mode: [] });
  for (const mode of ['tcp', 'stcp', 'atcp', 'udp', 'sudp', 'audp']) {
    expect(await parse('check', `-${mode}`)).toMatchObject({ command: 'check', mode: [mode] });
  }
  expect(await parse('check', '--stealth')).toMatchObject({ mode: ['stcp,sudp'] });
  expect(await parse('check', '--connect')).toMatchObject({ mode: ['tcp,udp'] });
  expect(await parse('check', '-stcp', '--mode', 'sudp')).toMatchObject({ mode: ['stcp', 'sudp'] });
});

describe('commands for the running daemon', () => {
  const QUERY = { configfile: undefined, json: false };
  const NO_LIST = { file: undefined, list: undefined };
  const BLOCK = { command: 'block', ...QUERY, ...NO_LIST, time: undefined, why: undefined };
  const SETUP = {
    command: 'setup',
    init: undefined,
    prefix: '/usr/local',
    root: '/',
    staging: false,
    program: undefined,
    enable: false,
    remove: false,
    purge: false,
    dryRun: false,
  };
  const UNBLOCK = {
    command: 'unblock',
    ...QUERY,
    targets: ['10.0.0.1'],
    all: false,
    list: undefined,
    forget: false,
  };
  test.each<[string, object]>([
    ['status', { command: 'status', ...QUERY }],
    ['status --json -c /x', { command: 'status', configfile: '/x', json: true }],
    ['list', { command: 'list', ...QUERY }],
    ['list --json', { command: 'list', ...QUERY, json: true }],
    ['metrics -c /x', { command: 'metrics', configfile: '/x' }],
    ['doctor', { command: 'doctor', ...QUERY }],
    ['why 10.0.0.1', { command: 'why', ...QUERY, address: '10.0.0.1' }],
    ['why ::1 --json', { command: 'why', ...QUERY, json: true, address: '::1' }],
    ['block 10.0.0.1', { ...BLOCK, targets: ['10.0.0.1'] }],
    ['block fd00::/8 --for 1h --why word', { ...BLOCK, targets: ['fd00::/8'], time: '1h', why: 'word' }],
    ['block 10.0.0.1 --for 0', { ...BLOCK, targets: ['10.0.0.1'], time: '0' }],
    ['block 10.0.0.1 --json', { ...BLOCK, targets: ['10.0.0.1'], json: true }],
    ['unblock 10.0.0.1', UNBLOCK],
    ['unblock 10.0.0.1 --forget --json', { ...UNBLOCK, forget: true, json: true }],
    ['block 10.0.0.1 10.0.0.2', { ...BLOCK, targets: ['10.0.0.1', '10.0.0.2'] }],
    ['block -', { ...BLOCK, targets: ['-'] }],
    ['block --file - --list drop', { ...BLOCK, targets: [], file: '-', list: 'drop' }],
    ['unblock --list drop', { ...UNBLOCK, targets: [], list: 'drop' }],
    ['unblock --all', { ...UNBLOCK, targets: [], all: true }],
    ['setup', SETUP],
    ['setup --init sysv --init systemd --enable', { ...SETUP, init: ['sysv', 'systemd'], enable: true }],
    ['setup --root /mnt --staging --dry-run', { ...SETUP, root: '/mnt', staging: true, dryRun: true }],
    ['setup --remove --purge --prefix /opt', { ...SETUP, remove: true, purge: true, prefix: '/opt' }],
    ['completion', { command: 'completion', shell: undefined }],
    ['completion zsh', { command: 'completion', shell: 'zsh' }],
  ])('portsentry %s', async (line, expected) => {
    expect(await parse(...line.split(' '))).toEqual(expected);
  });
});

describe('an invalid command line is a usage error of one line', () => {
  test.each([
    ['nosuch', /nosuch/],
    ['--nosuch', /nosuch/],
    ['-x', /x/],
    ['replay', /file|argument/i],
    ['replay f --format xml', /xml/],
    ['replay f --summary=xml', /xml/],
    ['replay f --top -1', /--top takes a whole number/],
    ['replay f --extract g', /--extract needs --source/],
    ['replay f --source 10.0.0.1 --extract -', /--extract takes the name of a new file, not standard output/],
    ['replay f --source 10.0.0.1 --extract=-', /--extract takes the name of a new file, not standard output/],
    ['replay f --daemon', /daemon/],
    ['-l file', /file/],
    ['-c', /configfile|argument/],
    ['-i', /interface|argument/],
    ['check extra', /extra/],
    ['-axcp', /./],
    ['-m both', /both/],
    ['--method', /method|argument/],
    ['status extra', /extra/],
    ['list --for 1h', /for/],
    ['why', /argument/],
    ['block', /block takes addresses and prefixes, or --file and --list/],
    ['block --list drop', /--file and --list belong together/],
    ['block --file f --list drop 10.0.0.1', /block takes/],
    ['block --file f --list drop --for 1h', /--for/],
    ['block 10.0.0.1 --for', /for|argument/],
    ['unblock', /unblock takes addresses and prefixes, --all or --list/],
    ['unblock --all --list drop', /unblock takes addresses and prefixes, --all or --list/],
    ['setup --purge', /--purge goes with --remove/],
    ['setup --staging', /--staging needs --root/],
    ['setup --enable --remove', /--enable goes neither with --remove nor with --root/],
    ['setup --init upstart', /--init: expected "systemd", "openrc", "sysv" or "none", found "upstart"/],
    ['unblock 10.0.0.1 --all', /unblock takes addresses and prefixes, --all or --list/],
    ['completion ksh', /ksh/],
  ])('portsentry %s', async (line, message) => {
    const error = await parse(...line.split(' ')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ exit: 64, message: expect.stringMatching(message) });
    expect((error as Error).message).toMatch(/^[^\n]+; see portsentry --help$/);
  });
});

describe('an unknown word names the nearest known one', () => {
  const COMMANDS =
    'replay, report, check, status, list, lists, share, why, metrics, doctor, notify, logs, scanners, top, ' +
    'block, unblock, setup, completion';
  test.each([
    ['statsu', 'unknown command "statsu" (did you mean status?)'],
    ['lits --json', 'unknown command "lits" (did you mean list?)'],
    ['stauts -c /x', 'unknown command "stauts" (did you mean status?)'],
    ['zzz', `unknown command "zzz"; the commands are ${COMMANDS}`],
    ['stop', 'there is no command "stop"; use systemctl stop portsentry, or service portsentry stop'],
    ['list unblok', 'list does not take unblok'],
    ['status -stcp', 'status does not take -stcp'],
    ['--intrface eth0', 'unknown option --intrface (did you mean --interface?)'],
    ['--dry-rn', 'unknown option --dry-rn (did you mean --dry-run?)'],
    ['--confgfile=/x status', 'unknown option --confgfile (did you mean --configfile?)'],
    ['status --jsno', 'unknown option --jsno (did you mean --json?)'],
    ['replay f --no-sumary', 'unknown option --no-sumary (did you mean --no-summary?)'],
    ['block 10.0.0.1 --fro 1h', 'unknown option --fro (did you mean --for?)'],
    ['-x', 'unknown option -x'],
    ['-atpc -audp', 'unknown option -atpc (did you mean -atcp?)'],
    ['-tpc', 'unknown option -tpc (did you mean -tcp?)'],
    ['status -json', 'unknown option -json (did you mean --json?)'],
    [
      'replay f --format jsn',
      '--format: expected "text", "json", "eve" or "none", found "jsn" (did you mean json?)',
    ],
    ['-l sdtout', '--logoutput: expected "stdout" or "syslog", found "sdtout" (did you mean stdout?)'],
    ['completion fsh', 'shell: expected "bash", "zsh" or "fish", found "fsh" (did you mean zsh?)'],
  ])('portsentry %s', async (line, message) => {
    await expect(parse(...line.split(' '))).rejects.toThrow(`${message}; see portsentry --help`);
  });

  test('in English, whatever the language of the host', async () => {
    vi.stubEnv('LC_ALL', 'de_DE.UTF-8');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(parse('zzz')).rejects.toThrow(/^unknown command "zzz"/);
    const help = await parse('--help');
    expect(help.command === 'print' && help.text).toContain('Commands:');
  });
});

describe('help and version are printed', () => {
  // Two programs look for the word in the first line.
  test.each(['-V', '--version'])('%s', async (option) => {
    expect(await parse(option)).toEqual({ command: 'print', text: 'Version: 3.0.0\n' });
  });

  test.each([['--help'], ['-h'], ['replay', '--help']])('%s %s', async (...argv) => {
    const help = await parse(...argv.filter((word) => word !== undefined));
    expect(help).toMatchObject({ command: 'print', text: expect.stringContaining('portsentry') });
  });

  test('the help names the main switches and commands', async () => {
    const help = await parse('--help');
    const text = help.command === 'print' ? help.text : '';
    for (const word of [
      '-tcp|-stcp|-atcp',
      '--configfile',
      '--interface',
      '--dry-run',
      'replay',
      'check',
      'doctor',
    ]) {
      expect(text).toContain(word);
    }
  });
});
