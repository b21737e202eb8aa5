import { readdirSync } from 'node:fs';
import { readSmall } from '../proc-net.ts';

/** sshd's default port. Always included, because a file that is not read may set it. */
const SSH_PORT = 22;

/** The most files of one sshd_config.d that are read, 64 KiB of each. */
const MAX_FILES = 64;

const LAST_PORT = 65_535;

/** sshd_config(5): keywords in any case, followed by `=` or blanks, quotes around an argument. */
const SETTING = /^[ \t]*(port|listenaddress)(?:[ \t]*=[ \t]*|[ \t]+)"?([^\s"#]+)/gim;

/** `host:port`, `192.0.2.1:port`, `[2001:db8::1]:port`; an IPv6 address without brackets has no port. */
const WITH_PORT = /^(?:\[[^\]]*\]|[^:]*):(\d+)$/;

/** The ports of this host's SSH servers: 22, and those in sshd_config and sshd_config.d/*.conf of these folders. */
export function readSshPorts(folders: readonly string[]): Set<number> {
  const ports = new Set([SSH_PORT]);
  for (const file of folders.flatMap(configFiles)) {
    for (const [, keyword = '', value = ''] of readSmall(file).matchAll(SETTING)) {
      const digits = keyword.toLowerCase() === 'port' ? value : (WITH_PORT.exec(value)?.[1] ?? '');
      const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
      if (port > 0 && port <= LAST_PORT) ports.add(port);
    }
  }
  return ports;
}

function configFiles(folder: string): string[] {
  return [`${folder}/sshd_config`, ...included(`${folder}/sshd_config.d`)];
}

function included(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.conf'));
    return names
      .sort()
      .slice(0, MAX_FILES)
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
