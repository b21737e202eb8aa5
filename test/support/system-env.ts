import { dirname } from 'node:path';

const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What every test finds in its environment, whoever runs it. */
export const SYSTEM_ENV = {
  /** This Node first, then the system's programs: a shim that somebody put before them would be another program. */
  PATH: [dirname(process.execPath), ...SYSTEM_FOLDERS].join(':'),
  /**
   * bash takes a socket as its standard input, which Node's pipes are, for a remote login, and runs ~/.bashrc first, unless
   * another shell has started it.
   */
  SHLVL: '1',
};
