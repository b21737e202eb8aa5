const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Adds the system folders to a PATH. Cron and init scripts start daemons without sbin, where iptables is. */
export function fullPath(path = ''): string {
  const folders = path.split(':').filter((folder) => folder !== '');
  return [...folders, ...SYSTEM_PATH.filter((folder) => !folders.includes(folder))].join(':');
}
