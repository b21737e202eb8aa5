import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configure, nmap, PROGRAM, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';
import { Tmux } from '../support/tmux.ts';

/** `portsentry top` in a real terminal: what its keys do, and that the screen is afterwards as it was before. */

/** 21 ports first, then 3. */
const MANY = '10.99.0.21';
const FEW = '10.99.0.22';

/** What stands on the screen before the view opens. */
const BEFORE = ['$ echo before', 'before', '$ portsentry top'];
const TABLE = /SOURCE +.*PROBES/;

let lab: Lab;
let detector: LabProcess;
let tmux: Tmux;
beforeAll(async () => {
  lab = await createLab({ name: 'top' });
  configure(lab.victim, 'BLOCK_METHOD="nftables"\nBLOCK_TCP="0"\nBLOCK_UDP="0"');
  detector = await startDetector(lab, lab.victim);
  for (const [source, ports] of [
    [MANY, '2000-2020'],
    [FEW, '3000-3002'],
  ] as const) {
    await comeFrom(lab, source, `fd99::${source.slice(-2)}`);
    await nmap(lab, ['-sS', '-p', ports, lab.wire.to.ipv4]);
  }
  tmux = await Tmux.open(lab, lab.victim, { program: PROGRAM });
});
afterAll(() => lab.close());

/** Back to the shell in a terminal of the usual size, whatever a test has left. */
afterEach(async () => {
  if ((await tmux.value('#{alternate_on}')) === '1') await tmux.type('C-c');
  await atPrompt();
  await tmux.resize(100, 30);
});

/** The lines on the screen, without the empty ones. */
async function lines(): Promise<string[]> {
  return (await tmux.screen()).split('\n').filter((line) => line !== '');
}

async function atPrompt(): Promise<void> {
  await lab.waitFor(async () => (await tmux.value('#{alternate_on}')) === '0');
  await lab.waitFor(async () => (await lines()).at(-1) === '$');
}

/** The sources on the screen, from top to bottom. */
async function sources(): Promise<string[]> {
  return (await tmux.screen()).match(/(?<=^[ >])10\.99\.0\.\d+/gm) ?? [];
}

/** The process number of the view inside the host: the shell's only child. */
async function viewId(): Promise<string> {
  const shell = await tmux.value('#{pane_pid}');
  return (await lab.run(lab.victim, ['ps', '-o', 'pid=', '--ppid', shell])).stdout.trim();
}

async function open(command = 'portsentry top'): Promise<void> {
  await tmux.type('clear', 'Enter');
  await lab.waitFor(async () => (await tmux.screen()).trim() === '$');
  await tmux.type('echo before', 'Enter');
  await tmux.shows(/^before$/m);
  await tmux.type(command, 'Enter');
  await tmux.shows(TABLE);
}

/** The screen is as it was, the cursor is seen, and the terminal is the shell's. */
async function expectRestored(): Promise<void> {
  await atPrompt();
  // The shell's words about a job that a signal has ended.
  const left = (await lines()).filter((line) => !/^(Terminated|Hangup|Killed)\b/.test(line));
  expect(left).toEqual([...BEFORE, '$']);
  expect(await tmux.value('#{alternate_on} #{cursor_flag}')).toBe('0 1');
  await tmux.type('stty -a | grep -o " icanon"', 'Enter');
  await tmux.shows(/^ icanon$/m);
}

describe('the screen is as it was before', () => {
  test.each([['q'], ['C-c']])('after %s', async (key) => {
    await open();
    await tmux.type(key);
    await expectRestored();
  });

  test.each([['TERM'], ['HUP'], ['INT']])('after SIG%s, which the shell sees', async (signal) => {
    await open();
    await lab.run(lab.victim, ['kill', `-${signal}`, await viewId()]);
    await expectRestored();
  });

  test('after an exception, whose text stands on it', async () => {
    // The first answer has no header, which no daemon sends.
    const fake = `
      const line = (tick) => JSON.stringify({ version: 1, ok: true, tick }) + '\\n';
      require('node:net').createServer((socket) => {
        socket.on('error', () => {});
        const header = { time: 0, uptime: 1, version: '0', modes: [], sensor: 'none', isWell: true };
        socket.write(line({ header, sources: [], gone: [] }));
        setTimeout(() => socket.write(line(7)), 1_000);
      }).listen('/run/fake');
      console.log('listening');`;
    const server = await lab.start(lab.victim, [process.execPath, '-e', fake]);
    await server.waitForLine(/listening/);
    await lab.run(lab.victim, ['sh', '-c', 'echo CONTROL_SOCKET=\\"/run/fake\\" > /run/fake.conf']);
    await open('portsentry top -c /run/fake.conf');
    await atPrompt();
    expect(await tmux.screen()).toMatch(/TypeError/);
    expect(await tmux.value('#{alternate_on} #{cursor_flag}')).toBe('0 1');
    await server.stop();
  });

  test('while it is suspended, and fg brings it back', async () => {
    await open();
    await tmux.type('C-z');
    await tmux.shows(/Stopped .*top/);
    expect(await tmux.value('#{alternate_on} #{cursor_flag}')).toBe('0 1');
    await tmux.type('fg', 'Enter');
    await tmux.shows(TABLE);
    await tmux.type('s');
    await tmux.shows(/by first probe/);
  });

  test('SIGSTOP and SIGCONT from elsewhere leave a view that still takes keys', async () => {
    await open();
    await lab.run(lab.victim, ['kill', '-TSTP', await viewId()]);
    await tmux.shows(/Stopped .*top/);
    await tmux.type('fg', 'Enter');
    await tmux.shows(TABLE);
    await lab.run(lab.victim, ['kill', '-STOP', await viewId()]);
    await tmux.type('', 'Enter');
    await lab.waitFor(async () => (await tmux.value('#{pane_current_command}')) === 'bash');
    await tmux.type('fg', 'Enter');
    await lab.waitFor(async () => (await tmux.value('#{pane_current_command}')) !== 'bash');
    await tmux.type('/', 'abc');
    await tmux.shows(/^\/abc_/m);
  });
});

describe('keys', () => {
  test('s sorts, the arrows move, / filters, p pauses', async () => {
    await open();
    expect(await sources()).toEqual([FEW, MANY]);
    await tmux.type('s', 's');
    await tmux.shows(/by probes/);
    await lab.waitFor(async () => (await sources())[0] === MANY);
    await tmux.type('Down');
    await tmux.shows(/^>10\.99\.0\.22/m);
    await tmux.type('/', '0.21', 'Enter');
    await tmux.shows(/filter 0\.21/);
    expect(await sources()).toEqual([MANY]);
    await tmux.type('/', 'BSpace', 'BSpace', 'BSpace', 'BSpace', 'nothing like it');
    await tmux.shows(/No source has this text/);
    await tmux.type('Enter', 'Escape');
    await lab.waitFor(async () => (await sources()).length === 2);
    await tmux.type('p');
    await tmux.shows(/PAUSED/);
    await comeFrom(lab, '10.99.0.23', 'fd99::23');
    await nmap(lab, ['-sS', '-p', '4000-4001', lab.wire.to.ipv4]);
    await detector.waitForLine(/10\.99\.0\.23/);
    expect(await sources()).not.toContain('10.99.0.23');
    await tmux.type('p');
    await lab.waitFor(async () => (await sources()).includes('10.99.0.23'));
  });

  test('Enter shows what why says, ? the keys', async () => {
    await open('portsentry top --sort ports');
    await lab.waitFor(async () => (await sources())[0] === MANY);
    await tmux.type('Enter');
    await tmux.shows(/^ {2}never block +no rule spares it/m);
    await tmux.type('Escape');
    await tmux.shows(TABLE);
    await tmux.type('?');
    await tmux.shows(/^Keys/);
    await tmux.type('q');
    await tmux.shows(TABLE);
  });

  test('b and u ask first', async () => {
    await open('portsentry top --sort ports');
    await lab.waitFor(async () => (await sources())[0] === MANY);
    await tmux.type('b');
    await tmux.shows(new RegExp(`^Block ${MANY}\\? y/n`, 'm'));
    await tmux.type('n');
    await tmux.shows(/^nothing was done/m);
    const list = async () => (await lab.run(lab.victim, [process.execPath, PROGRAM, 'list'])).stdout;
    expect(await list()).toBe('Nobody is blocked.\n');
    await tmux.type('b', 'y');
    await tmux.shows(new RegExp(`${MANY} .*blocked 23 h`));
    expect(await list()).toContain(MANY);
    await tmux.type('u');
    await tmux.shows(new RegExp(`^Unblock ${MANY}\\? y/n`, 'm'));
    await tmux.type('y');
    await lab.waitFor(async () => (await list()) === 'Nobody is blocked.\n');
  });

  test('b is for root only', async () => {
    const command = `setpriv --reuid=65534 --clear-groups ${process.execPath} ${PROGRAM} top`;
    await lab.run(lab.victim, ['chmod', '666', '/run/portsentry/portsentry.sock']);
    await open(command);
    await tmux.type('b');
    await tmux.shows(/^only root may block/m);
    await lab.run(lab.victim, ['chmod', '600', '/run/portsentry/portsentry.sock']);
  });
});

describe('the terminal', () => {
  test('a new size counts at once, down to 40 columns and 3 rows', async () => {
    await open();
    await tmux.resize(40, 12);
    const narrow = await tmux.shows(/^ SOURCE +PROBES +DONE$/m);
    expect(narrow).toMatch(/^.10\.99\.0\.22 +3 +(logged|seen)$/m);
    expect(
      narrow
        .trimEnd()
        .split('\n')
        .every((line) => line.length <= 40),
    ).toBe(true);
    await tmux.resize(40, 3);
    await tmux.shows(/^q quit/m);
    await tmux.resize(180, 40);
    await tmux.shows(/SOURCE +FIRST +LAST +PROBES +PORTS +KINDS +TOOL +SHAPE +DONE/);
  });

  test('NO_COLOR leaves no colour, and the cursor is seen all the same', async () => {
    await open('NO_COLOR=1 portsentry top');
    expect(await tmux.screen()).toMatch(/^>10\.99/m);
    expect(await tmux.screen(true)).not.toContain('\x1b');
    await tmux.type('q');
    await atPrompt();
    await open();
    expect(await tmux.screen(true)).toContain('\x1b[7m');
  });

  test.each([
    ['TERM=dumb', 'TERM=dumb portsentry top'],
    ['a pipe', 'portsentry top | cat'],
    ['no input', 'portsentry top < /dev/null'],
  ])('%s: one table and the end', async (_name, command) => {
    await tmux.type('clear', 'Enter');
    await tmux.type(command, 'Enter');
    await tmux.shows(new RegExp(`^${MANY} .* 21 `, 'm'));
    await atPrompt();
  });

  test('--json: a line each second, of which the first has every source', async () => {
    const view = await lab.start(lab.victim, [process.execPath, PROGRAM, 'top', '--json']);
    await lab.waitFor(() => view.lines().length >= 3);
    const [first, second] = view.lines().map((line) => JSON.parse(line));
    expect(first.sources.map(({ source }: { source: string }) => source)).toContain(MANY);
    expect(first.header).toMatchObject({ sensor: 'kernel', isWell: true, breakerOpen: false });
    expect(new Date(second.header.time).toISOString()).toBe(second.header.time);
    expect(second.sources).toEqual([]);
    await view.stop();
  });
});

test('a daemon that is killed is said, and its successor is shown', async () => {
  await open();
  detector.signal('SIGKILL');
  await detector.ended;
  await tmux.shows(/the daemon does not answer/);
  expect(await sources()).toContain(MANY);
  detector = await startDetector(lab, lab.victim);
  await tmux.shows(/Nobody has probed a port yet/);
  await tmux.type('q');
  await expectRestored();
});

test('it ends with its terminal', async () => {
  await open();
  const view = await viewId();
  await tmux.run('kill-server');
  await lab.waitFor(async () => (await lab.run(lab.victim, ['ps', '-p', view])).code !== 0);
  tmux = await Tmux.open(lab, lab.victim, { program: PROGRAM });
});

test('without a daemon it says so, and does not touch the screen', async () => {
  await detector.stop();
  await tmux.type('clear', 'Enter');
  await tmux.type('portsentry top; echo $?', 'Enter');
  await tmux.shows(/^69$/m);
  expect(await tmux.screen()).toMatch(/^portsentry: no portsentry answers on .*: is it running\?/m);
});
