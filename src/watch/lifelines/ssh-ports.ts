import { filesOf } from '../config-files.ts';
import { readSmall } from '../proc-net.ts';

/** sshd's default port. Always included, because a file that is not read may set it. */
const SSH_PORT = 22;

const LAST_PORT = 65_535;

/** sshd_config(5): keywords in any case, followed by `=` or blanks, quotes around an argument. */
const SETTING = /^[ \t]*(port|listenaddress)(?:[ \t]*=[ \t]*|[ \t]+)"?([^\s"#]+)/gim;
const GRACE = /^[ \t]*logingracetime(?:[ \t]*=[ \t]*|[ \t]+)"?([^\s"#]+)/gim;

/** `host:port`, `192.0.2.1:port`, `[2001:db8::1]:port`; an IPv6 address without brackets has no port. */
const WITH_PORT = /^(?:\[[^\]]*\]|[^:]*):(\d+)$/;

/** sshd's own limit for a login. */
const DEFAULT_GRACE_MS = 120_000;

/** sshd_config(5), TIME FORMATS. */
const UNIT_MS: Readonly<Record<string, number>> = {
  '': 1_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** What the configuration of sshd says. */
export interface SshdSettings {
  /** 22, and the ports that it sets. */
  readonly ports: ReadonlySet<number>;
  /** The longest LoginGraceTime that it sets, ms; null when one is 0 or is not understood: a stranger may stay then. */
  readonly graceMs: number | null;
}

/** Reads sshd_config and sshd_config.d/*.conf of these folders. */
export function readSshdSettings(folders: readonly string[]): SshdSettings {
  const ports = new Set([SSH_PORT]);
  let graceMs: number | null = DEFAULT_GRACE_MS;
  for (const file of folders.flatMap(configFiles)) {
    const text = readSmall(file);
    for (const [, keyword = '', value = ''] of text.matchAll(SETTING)) {
      const digits = keyword.toLowerCase() === 'port' ? value : (WITH_PORT.exec(value)?.[1] ?? '');
      const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
      if (port > 0 && port <= LAST_PORT) ports.add(port);
    }
    for (const [, value = ''] of text.matchAll(GRACE)) {
      const lengthMs = timeMs(value);
      graceMs = graceMs === null || lengthMs === 0 ? null : Math.max(graceMs, lengthMs);
    }
  }
  return { ports, graceMs };
}

function configFiles(folder: string): string[] {
  const included = filesOf(`${folder}/sshd_config.d/`).filter((name) => name.endsWith('.conf'));
  return [`${folder}/sshd_config`, ...included];
}

/** 0 for a text that is no time. */
function timeMs(text: string): number {
  if (!/^(\d{1,9}[smhdw]?)+$/i.test(text)) return 0;
  let sum = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)([smhdw]?)/gi))
    sum += Number(digits) * (UNIT_MS[unit.toLowerCase()] as number);
  return sum;
}
