import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createLab, type Lab } from '../support/lab.ts';

const run = promisify(execFile);
const NAME = 'lab-test';

describe('a lab', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await createLab({ name: NAME }, { extraAddresses: 2 });
  });

  afterEach(() => lab.close());

  it.each([
    ['10.99.0.2', '-4'],
    ['fd99:0::2', '-6'],
  ])('joins scanner and victim: %s answers', async (address, family) => {
    const { stdout } = await lab.run(lab.scanner, ['nmap', '-n', '-Pn', family, '-sS', '-p1', address]);
    expect(stdout).toMatch(/^1\/tcp closed/m);
  });

  it('gives the scanner the extra addresses', async () => {
    const { stdout } = await lab.run(lab.scanner, ['ip', '-brief', 'address', 'show', 'eth0']);
    for (const address of ['10.99.0.1/24', '10.99.0.12/24', 'fd99::1/64', 'fd99::12/64']) {
      expect(stdout).toContain(address);
    }
  });

  it('can have more hosts and links', async () => {
    const other = await lab.host('other');
    const link = await lab.link(other, lab.victim);
    expect(link.to).toMatchObject({ interface: 'eth1', ipv4: '10.99.1.2' });
    const listener = await lab.start(lab.victim, ['python3', '-m', 'http.server', '8000']);
    await lab.waitFor(async () => (await lab.run(lab.victim, ['ss', '-Hltn'])).stdout.includes(':8000'));
    const { code } = await lab.run(other, ['bash', '-c', 'exec 3<>/dev/tcp/10.99.1.2/8000']);
    expect(code).toBe(0);
    expect((await listener.stop()).signal).toBe('SIGTERM');
  });

  it('gives each host its own files, which all its programs share', async () => {
    await lab.run(lab.victim, [
      'sh',
      '-c',
      'mkdir /etc/portsentry && echo mine > /etc/portsentry/portsentry.conf',
    ]);
    const { stdout } = await lab.run(lab.victim, ['cat', '/etc/portsentry/portsentry.conf']);
    expect(stdout).toBe('mine\n');
    expect(readFileSync(lab.victim.path('/etc/portsentry/portsentry.conf'), 'utf8')).toBe('mine\n');
    writeFileSync(lab.victim.path('/var/log/of-the-lab'), '');
    for (const path of ['/etc/portsentry/portsentry.conf', '/var/log/of-the-lab']) {
      expect(existsSync(lab.scanner.path(path)), `scanner ${path}`).toBe(false);
    }
    expect(existsSync('/var/log/of-the-lab')).toBe(false);
  });

  it('reports how a program ended', async () => {
    expect(await lab.run(lab.victim, ['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      code: 3,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await lab.run(lab.victim, ['no-such-program'])).code).toBe(127);
    await expect(lab.run(lab.victim, ['sleep', '60'], { timeout: 100 })).rejects.toThrow(
      'not done in 100 ms',
    );
  });

  it('waits for a line, and reports what came instead', async () => {
    const talker = await lab.start(lab.victim, ['sh', '-c', 'read word; echo "heard $word"']);
    talker.write('knock\n');
    expect(await talker.waitForLine(/^heard/)).toBe('heard knock');
    await expect(talker.waitForLine(/never/)).rejects.toThrow(/ended \(code 0\)(.|\n)*heard knock/);
  });

  it('kills a program that ignores TERM', async () => {
    const stubborn = await lab.start(lab.victim, [
      'sh',
      '-c',
      'trap "" TERM; echo on; while :; do sleep 1; done',
    ]);
    await stubborn.waitForLine(/^on/);
    expect((await stubborn.stop(100)).signal).toBe('SIGKILL');
  });
});

describe('the end of a lab', () => {
  it('leaves no namespace, process or mount, also after a test that failed', async () => {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    let networks: string[] = [];
    await expect(async () => {
      const lab = await createLab({ name: NAME });
      try {
        await lab.run(lab.victim, ['sh', '-c', 'setsid sleep 1000 > /dev/null 2>&1 &']);
        const stubborn = await lab.start(lab.victim, ['sh', '-c', 'trap "" TERM; echo on; sleep 1000']);
        await stubborn.waitForLine(/^on/);
        networks = [lab.victim, lab.scanner].map((host) => networkOf(host.holder) ?? '');
        // unshare and holder of both hosts, the lost child, nsenter and the stubborn shell.
        expect(processesIn(networks).length).toBeGreaterThanOrEqual(7);
        throw new Error('the body failed');
      } finally {
        await lab.close();
      }
    }).rejects.toThrow('the body failed');
    expect(networks).toHaveLength(2);
    expect(processesIn(networks)).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(mounts);
  });

  it('comes also when the test process is killed', async () => {
    const built = await mkdtemp(join(tmpdir(), 'portsentry-lab-'));
    await run('node_modules/.bin/tsc', ['-p', 'fixtures/make', '--outDir', built]);
    const test = spawn(process.execPath, ['--input-type=module', '--eval', labIn(built)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [holder] = await once(test.stdout, 'data');
      const network = networkOf(String(holder).trim()) ?? '';
      // unshare and the holder, nsenter and the program.
      expect(processesIn([network])).toHaveLength(4);
      test.kill('SIGKILL');
      await eventually(() => expect(processesIn([network])).toEqual([]));
    } finally {
      test.kill('SIGKILL');
      await rm(built, { recursive: true });
    }
  });
});

/** The program of another test process: makes a lab, prints the victim's holder, and never closes the lab. */
function labIn(built: string): string {
  return `
    import { createLab } from '${built}/test/support/lab.js';
    const { victim } = await createLab({ name: '${NAME}' });
    await victim.start(['sleep', '1000']);
    console.log(victim.holder);`;
}

/** The numbers of the processes in one of these networks. */
function processesIn(networks: readonly string[]): string[] {
  return readdirSync('/proc').filter((entry) => networks.includes(networkOf(entry) ?? 'none'));
}

/** The network namespace of a process, null when it is gone. */
function networkOf(pid: string | number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}
