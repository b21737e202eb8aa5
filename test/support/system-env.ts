import { dirname } from 'node:path';

const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The same environment for every test, on any machine and for any user. */
export const SYSTEM_ENV = {
  /** This Node first, then the system's programs: a shim that somebody put before them would be another program. */
  PATH: [dirname(process.execPath), ...SYSTEM_FOLDERS].join(':'),
  /**
   * Node's pipes are sockets. When its standard input is one, bash thinks that this is a remote login and runs ~/.bashrc
   * first. It does not do that below another shell.
   */
  SHLVL: '1',
};
