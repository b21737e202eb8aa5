import { chmodSync } from 'node:fs';
import { writeFile } from './detector.ts';
import type { Lab } from './lab.ts';
import type { Host } from './lab-host.ts';
import type { LabProcess } from './lab-process.ts';

const KEY = '/etc/ssh/lab_key';
const CONFIG = '/etc/ssh/lab_config';
const AUTHORIZED = '/etc/ssh/lab_authorized';

/**
 * Starts Debian's sshd on the victim, on this port, with the user `alice`. The scanner gets a key with which root and
 * alice may log in.
 */
export async function startSshd(lab: Lab, port: number, more = ''): Promise<LabProcess> {
  const { victim, scanner } = lab;
  await must(lab, scanner, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', KEY]);
  const { stdout: publicKey } = await must(lab, scanner, ['cat', `${KEY}.pub`]);
  writeFile(victim, AUTHORIZED, publicKey);
  // sshd reads it as the user.
  chmodSync(victim.path(AUTHORIZED), 0o644);
  await must(lab, victim, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/etc/ssh/lab_host_key']);
  // A shell of root must not run what this machine's root has in its .bashrc, which may wait for a lock.
  await must(lab, victim, ['sed', '-i', 's|:/root:|:/run:|', '/etc/passwd']);
  // A new account is locked, and without PAM sshd refuses it; `*` is no password and no lock.
  await must(lab, victim, ['useradd', '--no-create-home', '--shell', '/bin/sh', '--password', '*', 'alice']);
  writeFile(victim, '/run/sshd/.keep', '');
  writeFile(
    victim,
    CONFIG,
    `Port ${port}\nHostKey /etc/ssh/lab_host_key\nAuthorizedKeysFile ${AUTHORIZED}\nStrictModes no\n` +
      `PermitRootLogin yes\nPidFile none\nUseDNS no\n${more}`,
  );
  const sshd = await lab.start(victim, ['/usr/sbin/sshd', '-D', '-e', '-f', CONFIG]);
  await sshd.waitForLine(/^Server listening on 0\.0\.0\.0 port/);
  return sshd;
}

/** Logs in from this address of the scanner and runs a command there; resolves when the session is there. */
export async function logIn(
  lab: Lab,
  port: number,
  from: string,
  user: 'root' | 'alice' = 'root',
): Promise<LabProcess> {
  const session = await lab.start(lab.scanner, ssh(lab, port, from, user, 'echo logged in; sleep 1000'));
  await session.waitForLine(/^logged in/);
  return session;
}

/** The command that runs another one on the victim over SSH. */
export function ssh(lab: Lab, port: number, from: string, user: string, command: string): string[] {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  return [
    'ssh',
    ...options.flatMap((option) => ['-o', option]),
    '-F',
    'none',
    '-i',
    KEY,
    '-b',
    from,
    '-p',
    String(port),
    `${user}@${lab.wire.to.ipv4}`,
    command,
  ];
}

async function must(lab: Lab, host: Host, command: readonly string[]) {
  const outcome = await lab.run(host, command);
  if (outcome.code !== 0) throw new Error(`${command.join(' ')}: ${outcome.stderr}`);
  return outcome;
}
